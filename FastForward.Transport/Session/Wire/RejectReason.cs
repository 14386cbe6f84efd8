namespace FastForward.Transport.Session.Wire;

/// <summary>The reason field of a REJECT frame. A hint for the operator of the far node, never an order.</summary>
internal enum RejectReason : ushort
{
    WrongNode = 2,
    KeyRequired = 3,
    KeyNotSupported = 4,
    NodeIdConflict = 5,
    Busy = 6,
    Stopping = 7,
    WrongSource = 8,
}
