namespace FastForward.Transport.Session.Wire;

/// <summary>
/// The first byte of each element of a DATA frame (docs/protocol.md, "Elements"). Unknown types are skipped.
/// </summary>
internal enum ElementType : byte
{
    /// <summary>One byte without a length.</summary>
    Padding = 0,
    Message = 1,
    StreamAck = 2,
    Credit = 3,
    Probe = 4,
    ProbeReply = 5,
    Close = 6,
    StreamReset = 7,
    StreamRefused = 8,
    Ack = 9,
    TransitReport = 10,
    PathChallenge = 16,
    PathResponse = 17,
}
