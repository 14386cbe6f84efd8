namespace FastForward.Transport.Session;

/// <summary>What becomes of a handshake that would join or replace an association.</summary>
internal enum ClaimDecision
{
    /// <summary>It may be completed.</summary>
    Admit,

    /// <summary>No answer for now: the handshake is repeated.</summary>
    Wait,

    /// <summary>The node id belongs to another process.</summary>
    Refuse,
}
