namespace FastForward.Transport.Session;

/// <summary>What the routes and options say about those who want to talk to us.</summary>
internal interface IAdmission
{
    /// <summary>The node stops: no handshakes are taken any more.</summary>
    bool IsClosed { get; }

    /// <summary>A route leads to the node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="keyId">The key demanded of it; 0 demands none.</param>
    bool IsConfigured(uint node, out uint keyId);

    /// <summary>Peers without a key are taken from other machines over this medium.</summary>
    bool AllowsUnkeyed(TransportKind kind);

    /// <summary>Why the node cannot be at such a place, as a sentence; null when it can.</summary>
    /// <param name="node">The node.</param>
    /// <param name="kind">The medium it comes over.</param>
    /// <param name="contextId">The machine that the kernel vouches for, on media with such numbers.</param>
    string? ReasonAgainst(uint node, TransportKind kind, uint? contextId);
}
