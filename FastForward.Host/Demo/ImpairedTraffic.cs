namespace FastForward.Host.Demo;

/// <summary>What the impairment of both nodes did, and what became of their messages.</summary>
internal sealed record ImpairedTraffic
{
    /// <summary>As the key <c>impair</c> of an instance file, with the seed.</summary>
    public required string Settings { get; init; }

    /// <summary>The least and the longest round trip of a datagram that is not lost, in microseconds.</summary>
    public required double NetworkRttMinMicros { get; init; }

    /// <inheritdoc cref="NetworkRttMinMicros"/>
    public required double NetworkRttMaxMicros { get; init; }

    /// <summary>Datagrams that were to be sent.</summary>
    public required long Datagrams { get; init; }

    /// <summary>Of them, those that were lost on purpose, those of outages included.</summary>
    public required long DatagramsLost { get; init; }

    /// <summary>Datagrams that found no room.</summary>
    public required long DatagramsOverflowed { get; init; }

    /// <summary>Datagrams that were sent twice.</summary>
    public required long DatagramsDuplicated { get; init; }

    /// <summary>Real-time messages.</summary>
    public required ImpairedClass RealTime { get; init; }

    /// <summary>Real-time messages that came after their budget, or after a later one, and were dropped.</summary>
    public required long RealTimeLate { get; init; }

    /// <summary>Real-time messages that were sent again.</summary>
    public required long RealTimeSentAgain { get; init; }

    /// <summary>Copies of real-time messages that were sent before a loss was known.</summary>
    public required long RealTimeCopied { get; init; }

    /// <summary>Reliable messages.</summary>
    public required ImpairedClass Reliable { get; init; }
}
