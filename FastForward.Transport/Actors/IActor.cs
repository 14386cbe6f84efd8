using FastForward.Transport.Loop;

namespace FastForward.Transport.Actors;

/// <summary>
/// A named component on the loop thread of a node: a protocol stack, a bridge, a timer-driven service. It owns the
/// streams of its services (<see cref="ActorSystem.Add"/>).
/// </summary>
/// <remarks>
/// <para>All calls are made on the loop thread, one at a time, from <see cref="OnStart"/> to <see cref="OnStop"/>.
/// Sending and closing inside a call is allowed; resulting events come in later calls. An actor shares its thread with
/// all others and must not block; slow calls are counted under its name. An exception is logged and counted under its
/// name and the loop continues, unless it is to fail fast (<see cref="ForwardLoopOptions.FailFast"/>).</para>
/// <para>A request of <see cref="ForwardClient.RequestAsync"/> is a reliable message with sequence 0 that is the last
/// of its stream. To reply, send one message with <see cref="SendOptions.End"/> on
/// <see cref="ForwardNode.OpenReply(in ReceivedMessage)"/>, at once or later; a reply after the loss of the peer is
/// dropped by the requester.</para>
/// </remarks>
public interface IActor
{
    /// <summary>The actor's name in logs and statistics. Unique in its system; read once.</summary>
    string Name { get; }

    /// <summary>
    /// The system starts. An exception here fails the start of the whole system; <see cref="OnStop"/> is called
    /// nevertheless.
    /// </summary>
    /// <param name="context">What the actor works with; valid until <see cref="OnStop"/>.</param>
    void OnStart(ActorContext context) { }

    /// <summary>A message on a stream of one of the actor's services. Its payload is valid during the call.</summary>
    void OnMessage(in ReceivedMessage message) { }

    /// <summary>No message follows on an incoming stream of one of the actor's services.</summary>
    void OnStreamEnd(in StreamEnd end) { }

    /// <summary>The state of a peer changed. Every actor gets the events of every peer.</summary>
    void OnPeer(in PeerEvent change) { }

    /// <summary>A stream that the actor sends on accepts messages again.</summary>
    void OnWritable(uint node, ulong stream) { }

    /// <summary>
    /// Accepted messages on a stream that the actor sends on were not delivered, or may not have been.
    /// </summary>
    void OnUndelivered(in Undelivered report) { }

    /// <summary>
    /// Called once in each duty cycle, and at least once after any other call before the loop sleeps. It must not
    /// block. The loop does not wake up for this method: other causes of work (a socket, a queue) need an
    /// <see cref="ILoopSource"/> of their own, or <see cref="ForwardLoop.Post"/>.
    /// </summary>
    /// <returns>The amount of work done; when it is 0 the loop may sleep.</returns>
    int DoWork() => 0;

    /// <summary>The system stops; the last call. Actors stop in the reverse order of their start.</summary>
    void OnStop() { }
}
