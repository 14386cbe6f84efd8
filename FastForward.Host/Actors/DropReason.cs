namespace FastForward.Host.Actors;

/// <summary>Why a bridge or an outlet dropped a datagram.</summary>
/// <param name="word">The value of a tag in the metrics.</param>
/// <param name="text">For the log.</param>
internal sealed class DropReason(string word, string text)
{
    public static readonly DropReason SocketError = new("socket_error", "the local socket reported an error");
    public static readonly DropReason NoClient = new("no_client", "an answer for no client");
    public static readonly DropReason NotAccepted = new("network", "the local network did not accept the datagram");
    public static readonly DropReason TooLargeForNetwork = new(
        "network_mtu",
        "too large for the network to the target"
    );
    public static readonly DropReason Undelivered = new(
        "undelivered",
        "sent, but perhaps not delivered: the node disconnected or the path changed"
    );
    public static readonly DropReason NoPlace = new(
        "no_place",
        "new clients came faster than places become free (max-clients)"
    );
    public static readonly DropReason OverShare = new(
        "over_share",
        "more than the client's share, while the node does not accept everything"
    );
    public static readonly DropReason BridgeBufferFull = new(
        "buffer_full",
        "clients sent faster than the bridge reads (the buffer of its socket was full)"
    );
    public static readonly DropReason OutletBufferFull = new(
        "buffer_full",
        "the target answered faster than the outlet reads (the buffer of a socket was full)"
    );
    public static readonly DropReason NoHead = new("malformed", "a message without the head of a bridge");
    public static readonly DropReason HopsUsedUp = new(
        "hops",
        "all hops (the TTL) are used up: the target leads back to a bridge of this outlet, "
            + "or the client set a very low TTL"
    );
    public static readonly DropReason FromBridge = new(
        "from_bridge",
        "the source is a bridge of this instance: two bridges would answer each other for ever. "
            + "A program forges sources, or sends from the port of a bridge"
    );
    public static readonly DropReason TargetRefused = new(
        "target_refused",
        "nothing listens at the target (connection refused)"
    );
    public static readonly DropReason NoSocket = new("no_socket", "no socket could be opened");

    public string Word => word;

    public string Text => text;
}
