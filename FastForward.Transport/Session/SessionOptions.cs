namespace FastForward.Transport.Session;

/// <summary>What the session layer needs to know of its node; times in microseconds.</summary>
internal sealed record SessionOptions
{
    public required uint Node { get; init; }

    /// <summary>The number of this process's life, never 0.</summary>
    public required ulong Incarnation { get; init; }

    public long ProbeInterval { get; init; } = 1_000_000;

    public long DeadAfter { get; init; } = 30_000_000;

    public long RealTimeBudget { get; init; }

    public int SendStoreBytes { get; init; } = 4 << 20;

    public int ReceiveWindowBytes { get; init; } = 4 << 20;

    public int MaxStreams { get; init; } = 1024;

    public int MaxPendingHandshakes { get; init; } = 256;

    /// <summary>How long an acknowledgement may wait for company.</summary>
    public long AckDelay { get; init; } = 25_000;

    /// <summary>First interval between INITs; it doubles up to <see cref="InitRetryLimit"/>.</summary>
    public long InitRetry { get; init; } = 100_000;

    public long InitRetryLimit { get; init; } = 5_000_000;

    /// <summary>How long an answered INIT waits for its confirmation, and a connection for its handshake.</summary>
    public long HandshakeTimeout { get; init; } = 5_000_000;
}
