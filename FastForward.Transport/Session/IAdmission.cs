using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>The rules of routes and options for incoming handshakes.</summary>
internal interface IAdmission
{
    /// <summary>Whether a process at a source may be a configured node.</summary>
    /// <param name="node">The node that it claims to be.</param>
    /// <param name="keyId">The key that it has proven; 0 for none.</param>
    /// <param name="kind">The medium of the handshake.</param>
    /// <param name="hostLocal">The frame cannot come from another machine.</param>
    /// <param name="source">Where it comes from.</param>
    Admission Evaluate(uint node, uint keyId, TransportKind kind, bool hostLocal, in LinkSource source);

    /// <summary>
    /// Whether something besides a key says that the node is at a source: only there it is told what is wrong with its
    /// key.
    /// </summary>
    bool IsLikely(uint node, TransportKind kind, bool hostLocal, in LinkSource source);

    /// <summary>Why a process was refused, for logs and events; null when that needs no report.</summary>
    string? Explain(uint node, RejectReason reason, TransportKind kind, in LinkSource source);
}
