using FastForward.Transport.Loop;

namespace FastForward.Transport.Actors;

/// <summary>
/// A named part of the program that lives on the loop thread of a node: a protocol stack, a bridge, a timer-driven
/// service. It owns the streams of its services (<see cref="ActorSystem.Add"/>).
/// </summary>
/// <remarks>
/// All calls come on the loop thread, one at a time, from <see cref="OnStart"/> on and never after <see cref="OnStop"/>.
/// Sending and closing inside a call is allowed; what comes of it is delivered by a later one. An actor shares its thread
/// with all others and must not block; whatever it does too slowly is counted under its name. An exception is logged and
/// counted under its name and the loop lives on, unless it is to fail fast (<see cref="ForwardLoopOptions.FailFast"/>).
/// </remarks>
public interface IActor
{
    /// <summary>The actor's name in logs and statistics. Unique in its system; read once.</summary>
    string Name { get; }

    /// <summary>
    /// The system starts. An exception here fails the start of the whole system; <see cref="OnStop"/> follows all the
    /// same.
    /// </summary>
    /// <param name="context">What the actor works with; valid until <see cref="OnStop"/>.</param>
    void OnStart(ActorContext context) { }

    /// <summary>A message on a stream of one of the actor's services. Its payload dies with the call.</summary>
    void OnMessage(in ReceivedMessage message) { }

    /// <summary>No message follows on an incoming stream of one of the actor's services.</summary>
    void OnStreamEnd(in StreamEnd end) { }

    /// <summary>Something changed about a peer. Every actor hears of every peer.</summary>
    void OnPeer(in PeerEvent change) { }

    /// <summary>A stream that the actor sends on takes messages again.</summary>
    void OnWritable(uint node, ulong stream) { }

    /// <summary>
    /// Accepted messages on a stream that the actor sends on were not delivered, or may not have been.
    /// </summary>
    void OnUndelivered(in Undelivered report) { }

    /// <summary>
    /// Called once in each duty cycle, and at least once after any other call before the loop sleeps. It must not wait.
    /// What makes work at other times (a socket, a queue) is an <see cref="ILoopSource"/> of its own or uses
    /// <see cref="ForwardLoop.Post"/>: the loop does not wake up for this method.
    /// </summary>
    /// <returns>How much was done; with 0 the loop may go to sleep.</returns>
    int DoWork() => 0;

    /// <summary>The system stops; the last call. Actors stop in the opposite order of their start.</summary>
    void OnStop() { }
}
