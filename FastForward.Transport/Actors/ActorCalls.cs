using FastForward.Transport.Logging;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Actors;

/// <summary>
/// Calls actors: measures each call, and turns an exception into a count and a log entry under the actor's name. Lambdas
/// would make this shorter, but messages are ref structs and calls must not allocate.
/// </summary>
internal sealed partial class ActorCalls(ILogger logger)
{
    private LogGate _unownedGate;
    private long _unowned;

    /// <summary>The loop whose clock and rules apply. Set once, before the first call.</summary>
    public ForwardLoop Loop { get; set; } = null!;

    public long UnownedEvents => Volatile.Read(ref _unowned);

    public void Message(ActorSlot slot, in ReceivedMessage message)
    {
        slot.Statistics.Message();
        long began = Loop.ReadMicros();
        try
        {
            slot.Actor.OnMessage(message);
        }
        catch (Exception exception) when (Survives(slot, nameof(IActor.OnMessage), exception)) { }

        Measure(slot, nameof(IActor.OnMessage), began);
    }

    public void StreamEnd(ActorSlot slot, in StreamEnd end)
    {
        long began = Loop.ReadMicros();
        try
        {
            slot.Actor.OnStreamEnd(end);
        }
        catch (Exception exception) when (Survives(slot, nameof(IActor.OnStreamEnd), exception)) { }

        Measure(slot, nameof(IActor.OnStreamEnd), began);
    }

    public void Peer(ActorSlot slot, in PeerEvent change)
    {
        long began = Loop.ReadMicros();
        try
        {
            slot.Actor.OnPeer(change);
        }
        catch (Exception exception) when (Survives(slot, nameof(IActor.OnPeer), exception)) { }

        Measure(slot, nameof(IActor.OnPeer), began);
    }

    public void Writable(ActorSlot slot, uint node, ulong stream)
    {
        long began = Loop.ReadMicros();
        try
        {
            slot.Actor.OnWritable(node, stream);
        }
        catch (Exception exception) when (Survives(slot, nameof(IActor.OnWritable), exception)) { }

        Measure(slot, nameof(IActor.OnWritable), began);
    }

    public void Undelivered(ActorSlot slot, in Undelivered report)
    {
        long began = Loop.ReadMicros();
        try
        {
            slot.Actor.OnUndelivered(report);
        }
        catch (Exception exception) when (Survives(slot, nameof(IActor.OnUndelivered), exception)) { }

        Measure(slot, nameof(IActor.OnUndelivered), began);
    }

    public int Work(ActorSlot slot)
    {
        int work = 0;
        long began = Loop.ReadMicros();
        try
        {
            work = slot.Actor.DoWork();
        }
        catch (Exception exception) when (Survives(slot, nameof(IActor.DoWork), exception))
        {
            // No work: an actor that throws each time must not keep the loop from sleeping.
        }

        Measure(slot, nameof(IActor.DoWork), began);
        return work;
    }

    /// <summary>
    /// The last call of an actor. Not even failing fast keeps the next one from being stopped as well.
    /// </summary>
    public void Stop(ActorSlot slot)
    {
        try
        {
            slot.Actor.OnStop();
        }
#pragma warning disable CA1031 // Whatever it is, it is logged and counted, and the other actors want to be stopped too.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Survives(slot, nameof(IActor.OnStop), exception);
        }
    }

    public void Unowned(uint node, ulong stream)
    {
        _unowned++;
        if (_unownedGate.TryPass(Loop.NowMicros, out long suppressed))
            LogUnowned(logger, ActorStream.ServiceOf(stream), node, suppressed);
    }

    private bool Survives(ActorSlot slot, string call, Exception exception)
    {
        slot.Statistics.Failed();
        if (slot.FailureGate.TryPass(Loop.NowMicros, out long suppressed))
            LogFailed(logger, slot.Name, call, suppressed, exception);
        return Loop.CountFailure(exception);
    }

    private void Measure(ActorSlot slot, string call, long began)
    {
        long took = Loop.ReadMicros() - began;
        if (slot.Statistics.Took(took, Loop.SlowMicros) && slot.SlowGate.TryPass(Loop.NowMicros, out long suppressed))
            LogSlow(logger, slot.Name, call, took, Loop.SlowMicros, suppressed);
    }

    [LoggerMessage(
        EventId = 1401,
        Level = LogLevel.Error,
        Message = "Actor {Actor} let an exception out of {Call}; it was counted ({Suppressed} more since the last of these entries)"
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
        Message = "Actor {Actor} took {Micros} us in {Call}, more than the limit of {Limit} us; everything else on the loop waited ({Suppressed} more since the last of these entries)"
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
        Message = "No actor owns service 0x{Service:x4}: an event of a stream with node {Node} was dropped ({Suppressed} more since the last of these entries)"
    )]
    private static partial void LogUnowned(ILogger logger, ushort service, uint node, long suppressed);
}
