namespace FastForward.Transport;

/// <summary>
/// Whether a real-time message goes over two paths at once, where a peer has several. The receiver delivers it once.
/// </summary>
public enum PathRedundancy
{
    /// <summary>
    /// While the path in use is silent for longer than its answers take, and for the first message after a second of
    /// silence: if that path has just died, nothing is lost. While messages move from one path to another, both are
    /// used for as long as their transits may differ. The default.
    /// </summary>
    WhenDoubtful,

    /// <summary>Never: a path that dies loses what was sent on it until its silence is noticed.</summary>
    Off,

    /// <summary>Always: what one path loses the other one delivers. Twice the bytes.</summary>
    Always,
}
