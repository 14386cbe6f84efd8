using FastForward.Transport.Logging;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Actors;

/// <summary>
/// Calls actors on the loop thread: measures each call, and counts and logs exceptions under the name of the actor.
/// </summary>
internal sealed partial class ActorCalls(ForwardLoop loop, ILogger logger)
{
    private LogGate _unownedGate;
    private long _unowned;

    public ForwardLoop Loop => loop;

    public long UnownedEvents => Volatile.Read(ref _unowned);

    /// <summary>Makes one call.</summary>
    /// <returns>
    /// What the actor returned; 0 when it threw, so that a failing actor cannot keep the loop from sleeping.
    /// </returns>
    public int Call<TCall, TArgument>(ActorSlot slot, in TArgument argument)
        where TCall : IActorCall<TArgument>
        where TArgument : allows ref struct
    {
        int work = 0;
        long began = loop.ReadMicros();
        try
        {
            work = TCall.Run(slot.Actor, argument);
        }
        catch (Exception exception) when (Survives(slot, TCall.Name, exception)) { }

        Measure(slot, TCall.Name, began);
        return work;
    }

    /// <summary>
    /// Makes the last call of an actor. Never throws, even when the loop is to fail fast: the other actors must also be
    /// stopped.
    /// </summary>
    public void Stop(ActorSlot slot)
    {
        try
        {
            slot.Actor.OnStop();
        }
#pragma warning disable CA1031 // Logged and counted.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Survives(slot, nameof(IActor.OnStop), exception);
        }
    }

    /// <summary>Counts and logs an event that no actor owns.</summary>
    public void Unowned(uint node, ulong stream)
    {
        _unowned++;
        if (_unownedGate.TryPass(loop.NowMicros, out long suppressed))
            LogUnowned(logger, ServiceId.OfStream(stream), node, suppressed);
    }

    private bool Survives(ActorSlot slot, string call, Exception exception)
    {
        slot.Statistics.Failed();
        if (slot.FailureGate.TryPass(loop.NowMicros, out long suppressed))
            LogFailed(logger, slot.Name, call, suppressed, exception);
        return loop.CountFailure(exception);
    }

    private void Measure(ActorSlot slot, string call, long began)
    {
        long took = loop.ReadMicros() - began;
        if (slot.Statistics.Took(took, loop.SlowLimit) && slot.SlowGate.TryPass(loop.NowMicros, out long suppressed))
            LogSlow(logger, slot.Name, call, took, loop.SlowMicros, suppressed);
    }

    [LoggerMessage(
        EventId = 1401,
        Level = LogLevel.Error,
        Message = "Actor {Actor} threw an exception in {Call}; it was counted ({Suppressed} more since the last of "
            + "these entries)"
    )]
    private static partial void LogFailed(
        ILogger logger,
        string actor,
        string call,
        long suppressed,
        Exception exception
    );

    [LoggerMessage(
        EventId = 1402,
        Level = LogLevel.Warning,
        Message = "Actor {Actor} took {Micros} us in {Call}, more than the limit of {Limit} us; everything else on the "
            + "loop waited ({Suppressed} more since the last of these entries)"
    )]
    private static partial void LogSlow(
        ILogger logger,
        string actor,
        string call,
        long micros,
        long limit,
        long suppressed
    );

    [LoggerMessage(
        EventId = 1403,
        Level = LogLevel.Warning,
        Message = "No actor owns service {Service}: an event of a stream with node {Node} was dropped ({Suppressed} "
            + "more since the last of these entries)"
    )]
    private static partial void LogUnowned(ILogger logger, ServiceId service, uint node, long suppressed);
}
