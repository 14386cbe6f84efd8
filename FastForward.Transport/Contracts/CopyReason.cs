namespace FastForward.Transport;

/// <summary>Why real-time messages are copied, or not.</summary>
internal enum CopyReason : byte
{
    /// <summary>The medium loses nothing.</summary>
    Ordered,

    /// <summary>Too little is known of the path yet.</summary>
    Unmeasured,

    /// <summary>The path loses next to nothing.</summary>
    Clean,

    /// <summary>What is lost can be sent again in time.</summary>
    Repeated,

    /// <summary>Too much of what is lost would come too late when it is sent again.</summary>
    Lossy,

    /// <summary>Not even a copy would come in time.</summary>
    Hopeless,

    /// <summary>The path is congested.</summary>
    Congested,

    /// <summary>By option.</summary>
    Off,

    /// <summary>By option.</summary>
    Always,
}
