namespace FastForward.Transport.Session;

/// <summary>The rules of routes and options for incoming handshakes.</summary>
internal interface IAdmission
{
    /// <summary>The node is stopping: every handshake is rejected.</summary>
    bool IsClosed { get; }

    /// <summary>The key id that the routes of a configured node require; 0 for none.</summary>
    uint RequiredKey(uint node);

    /// <summary>Peers without a key are accepted from other machines over this medium.</summary>
    bool AllowsUnkeyed(TransportKind kind);

    /// <summary>Why a handshake of the node is not allowed from this source, as a text; null when it is.</summary>
    /// <param name="node">The node.</param>
    /// <param name="kind">The medium of the handshake.</param>
    /// <param name="contextId">The context id that the kernel reports, on media that have one (vsock(7)).</param>
    string? FindSourceMismatch(uint node, TransportKind kind, uint? contextId);
}
