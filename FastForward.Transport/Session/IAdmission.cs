namespace FastForward.Transport.Session;

/// <summary>The rules of routes and options for incoming handshakes.</summary>
internal interface IAdmission
{
    /// <summary>Whether a process at a source may be a configured node.</summary>
    /// <param name="node">The node that it claims to be.</param>
    /// <param name="keyId">The key that it offers; 0 for none.</param>
    /// <param name="kind">The medium of the handshake.</param>
    /// <param name="hostLocal">The frame cannot come from another machine.</param>
    /// <param name="source">Where it comes from.</param>
    Admission Evaluate(uint node, uint keyId, TransportKind kind, bool hostLocal, in LinkSource source);
}
