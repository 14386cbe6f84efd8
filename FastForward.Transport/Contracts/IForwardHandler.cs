namespace FastForward.Transport;

/// <summary>
/// What a program implements to use a <see cref="ForwardNode"/>. All calls come on the loop thread, one at a time; a
/// send or a close inside one is allowed and never calls back from within itself. An exception is logged and counted,
/// and the loop lives on (unless it is to fail fast).
/// </summary>
public interface IForwardHandler
{
    /// <summary>A message came in, in the order its stream promises.</summary>
    void OnMessage(in ReceivedMessage message);

    /// <summary>No message of the stream follows: the sender ended or reset it, or the association died.</summary>
    void OnStreamEnd(in StreamEnd end) { }

    /// <summary>Something changed about a peer. One call per event, with its reason.</summary>
    void OnPeer(in PeerEvent change) { }

    /// <summary>A stream that had answered <see cref="SendStatus.BackPressured"/> takes messages again.</summary>
    void OnWritable(uint node, ulong stream) { }

    /// <summary>Accepted messages were not delivered, or may not have been; they will not be sent again.</summary>
    void OnUndelivered(in Undelivered report) { }
}
