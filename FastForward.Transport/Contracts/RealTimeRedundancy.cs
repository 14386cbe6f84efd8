namespace FastForward.Transport;

/// <summary>
/// Whether real-time messages are sent a second time before it is known whether they arrive, over media that may lose
/// them. Lost ones are sent again in any case where they can still arrive in time.
/// </summary>
public enum RealTimeRedundancy
{
    /// <summary>
    /// Once per probe interval it is decided from the measured loss, jitter and round trip of the path: on a clean
    /// path, where repetition is fast enough, and where the path is congested, there are no copies.
    /// </summary>
    Auto,

    /// <summary>No copies but of messages sent with <see cref="SendOptions.Important"/>.</summary>
    Off,

    /// <summary>One copy of each message at least.</summary>
    Always,
}
