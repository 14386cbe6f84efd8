namespace FastForward.Transport;

/// <summary>
/// The message was sent, but whether it was delivered and handled is not known, and no reply can come: the peer is
/// lost, or this node stopped. Trying again may repeat what the peer did.
/// </summary>
public sealed class ForwardUndeliveredException : ForwardException
{
    internal ForwardUndeliveredException(uint node, UndeliveredReason reason)
        : base(node, $"The request to node {node} has no reply: {Explain(reason)}.") => Reason = reason;

    /// <summary>Why.</summary>
    public UndeliveredReason Reason { get; }

    private static string Explain(UndeliveredReason reason) =>
        reason switch
        {
            UndeliveredReason.PeerLost => "the connection is lost",
            UndeliveredReason.PeerRestarted => "the node is a new process, which does not know the request",
            UndeliveredReason.Stopped => "this node stopped",
            UndeliveredReason.StreamReset => "the node closed the stream of the request or of the reply",
            _ => reason.ToString(),
        };
}
