namespace FastForward.Tests.Traffic;

/// <summary>What a <see cref="TrafficSource"/> sends to each peer.</summary>
internal sealed record TrafficShape
{
    /// <summary>Streams of real-time messages.</summary>
    public int RealTimeStreams { get; init; } = 3;

    public int RealTimeLongest { get; init; } = 300;

    /// <summary>One in so many real-time messages ends its stream; 0 for none.</summary>
    public int RealTimeEndShare { get; init; }

    /// <summary>Streams of reliable messages that are open at once.</summary>
    public int OpenStreams { get; init; } = 6;

    /// <summary>One in so many messages is a real-time one; 1 for nothing else.</summary>
    public int RealTimeShare { get; init; } = 3;

    /// <summary>One in so many reliable messages is a long one.</summary>
    public int LongShare { get; init; } = 10;

    public int Longest { get; init; } = 60_000;

    /// <summary>One in so many reliable messages ends its stream.</summary>
    public int EndShare { get; init; } = 5;

    /// <summary>Instead of one in so many reliable messages the stream is reset.</summary>
    public int ResetShare { get; init; } = 15;
}
