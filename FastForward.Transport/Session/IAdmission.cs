namespace FastForward.Transport.Session;

/// <summary>What routes and options say about nodes that ask for an association.</summary>
internal interface IAdmission
{
    /// <summary>The node is stopping: every handshake is rejected.</summary>
    bool IsClosed { get; }

    /// <summary>The key that the routes of a configured node demand; 0 when they demand none.</summary>
    uint RequiredKey(uint node);

    /// <summary>Peers without a key are accepted from other machines over this medium.</summary>
    bool AllowsUnkeyed(TransportKind kind);

    /// <summary>Why a handshake of the node cannot come from this source, as a sentence; null when it can.</summary>
    /// <param name="node">The node.</param>
    /// <param name="kind">The medium of the handshake.</param>
    /// <param name="contextId">The context id that the kernel reports, on media that have one (vsock(7)).</param>
    string? FindSourceMismatch(uint node, TransportKind kind, uint? contextId);
}
