namespace FastForward.Transport;

/// <summary>Extras of a send.</summary>
[Flags]
public enum SendOptions
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The last message of its stream.</summary>
    End = 1,

    /// <summary>
    /// A real-time message that matters more than others, such as the header or terminator of a call: where frames may
    /// be lost it is sent twice more, whatever <see cref="ForwardNodeOptions.RealTimeRedundancy"/> says, and delivered
    /// once. Without effect on other media and on reliable streams.
    /// </summary>
    Important = 2,
}
