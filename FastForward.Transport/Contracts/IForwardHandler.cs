namespace FastForward.Transport;

/// <summary>
/// What a program implements to use a <see cref="ForwardNode"/>. All calls come on the loop thread, one at a time; a
/// send or a close inside one is allowed and never calls back before it returns. An exception is logged and counted,
/// and the loop continues unless it is configured to fail fast.
/// </summary>
public interface IForwardHandler
{
    /// <summary>A message was received, in the order that its class guarantees.</summary>
    void OnMessage(in ReceivedMessage message);

    /// <summary>No message of the stream follows: the sender ended or reset it, or the association ended.</summary>
    void OnStreamEnd(in StreamEnd end) { }

    /// <summary>The connection to a peer changed. One call per event, with its reason.</summary>
    void OnPeer(in PeerEvent change) { }

    /// <summary>
    /// A stream that had answered <see cref="SendStatus.BackPressured"/> accepts messages again. The streams of a peer
    /// and class are called in the order in which they began to wait. The room for the message that was refused is
    /// reserved until this call returns: send it here, or other streams may take the room.
    /// </summary>
    void OnWritable(uint node, ulong stream) { }

    /// <summary>Accepted messages were not delivered, or may not have been; they will not be sent again.</summary>
    void OnUndelivered(in Undelivered report) { }
}
