using FastForward.Transport.Cryptography;

namespace FastForward.Transport.Session;

/// <summary>Settings of the session layer. Times are in microseconds.</summary>
internal sealed record SessionOptions
{
    public required uint Node { get; init; }

    /// <summary>A random number that identifies this process; never 0.</summary>
    public required ulong Incarnation { get; init; }

    /// <summary>The features of this node, in the bits of <see cref="Wire.Handshake.Capabilities"/>.</summary>
    public ulong Capabilities { get; init; }

    public long ProbeInterval { get; init; } = 1_000_000;

    public long DeadAfter { get; init; } = 30_000_000;

    public long RealTimeBudget { get; init; } = 120_000;

    /// <summary>How far behind the highest packet number of a path a frame may be; a multiple of 64.</summary>
    public int ReplayWindow { get; init; } = Session.ReplayWindow.DefaultSize;

    public RealTimeRedundancy RealTimeRedundancy { get; init; }

    public PathRedundancy PathRedundancy { get; init; }

    /// <summary>
    /// The suite of this node's handshakes; null for the faster one of those that the machine supports.
    /// </summary>
    public CipherSuite? Suite { get; init; }

    /// <summary>Frames are sealed also where the kernel vouches for the peer.</summary>
    public bool SealLocal { get; init; }

    /// <summary>Frames after which keys are renewed; four times as many are never sealed with the same keys.</summary>
    public ulong RekeyFrames { get; init; } = 1 << 24;

    /// <summary>The time after which keys are renewed; a path whose keys are half as old again ends.</summary>
    public long RekeyAfter { get; init; } = 120_000_000;

    public int SendStoreBytes { get; init; } = 4 << 20;

    public int ReceiveWindowBytes { get; init; } = 4 << 20;

    public int MaxStreams { get; init; } = 1024;

    public int MaxPendingHandshakes { get; init; } = 256;

    /// <summary>How long an acknowledgement may be delayed to share a frame with other content.</summary>
    public long AckDelay { get; init; } = 25_000;

    /// <summary>First interval between INITs; it doubles up to <see cref="InitRetryLimit"/>.</summary>
    public long InitRetry { get; init; } = 100_000;

    public long InitRetryLimit { get; init; } = 5_000_000;

    /// <summary>
    /// How long to wait for the RESPONSE to repeated INITs, and for a CONFIRM after a RESPONSE. Then the path ends, so
    /// that an absent peer costs no more than the entry in a table.
    /// </summary>
    public long HandshakeTimeout { get; init; } = 5_000_000;
}
