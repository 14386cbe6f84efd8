namespace FastForward.Transport.Session.Wire;

/// <summary>The second byte of each frame (docs/protocol.md, "Frames").</summary>
internal enum FrameType : byte
{
    Init = 1,
    Response = 2,
    Confirm = 3,
    Data = 4,
    Reject = 5,

    /// <summary>A cookie, without which an INIT is not answered.</summary>
    Cookie = 6,
}
