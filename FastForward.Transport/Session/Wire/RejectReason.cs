namespace FastForward.Transport.Session.Wire;

/// <summary>
/// The reason field of a REJECT frame: a hint for the remote operator, which causes no change of state.
/// </summary>
internal enum RejectReason : ushort
{
    WrongNode = 2,
    KeyRequired = 3,
    KeyUnknown = 4,
    NodeIdConflict = 5,
    Busy = 6,
    Stopping = 7,
    WrongSource = 8,
    Version = 9,
    Unsupported = 10,
    WrongProof = 11,
    CipherUnsupported = 12,
}
