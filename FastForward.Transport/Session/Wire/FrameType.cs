namespace FastForward.Transport.Session.Wire;

/// <summary>The second byte of each frame (docs/protocol.md, "Frames").</summary>
internal enum FrameType : byte
{
    Init = 1,
    Response = 2,
    Confirm = 3,
    Data = 4,
    Reject = 5,

    /// <summary>Reserved for a stateless cookie in reply to an INIT under load.</summary>
    Cookie = 6,
}
