namespace FastForward.Transport.Transports.Rdma;

/// <summary>How much memory and how many queue entries each link has.</summary>
/// <param name="MaxFrameSize">The longest frame of this side, in bytes.</param>
/// <param name="Credits">The frames that the peer may send before one of them has been handled.</param>
internal readonly record struct RdmaSizes(int MaxFrameSize, int Credits)
{
    /// <summary>Every message begins with a 32-bit word: see <see cref="RdmaChannel"/>.</summary>
    public const int PrefixLength = 4;

    /// <summary>
    /// Receives beyond the credits. A notice uses no credit; at most two can be unread, since each follows half of the
    /// credits, and one more when the link closes.
    /// </summary>
    public const int Reserve = 3;

    /// <summary>One send of so many asks for a completion.</summary>
    public const int SignalInterval = 16;

    /// <summary>The bytes before a frame in a receive slot; the prefix is the last of them.</summary>
    public const int Head = 64;

    private const int SmallestRing = 64 * 1024;

    /// <summary>The receives of a queue pair.</summary>
    public int ReceiveDepth => Credits + Reserve;

    /// <summary>The sends of a queue pair.</summary>
    public int SendDepth => Credits + SignalInterval + Reserve;

    /// <summary>The completions that a queue pair can have at once, and so its share of a completion queue.</summary>
    public int Completions => ReceiveDepth + SendDepth;

    /// <summary>The bytes of a receive slot.</summary>
    public int Stride => Head + ((MaxFrameSize + 63) & ~63);

    /// <summary>The bytes for frames that are sent, of which several of the longest fit.</summary>
    public int Ring => Math.Max(SmallestRing, 4 * Stride);

    /// <summary>The bytes of a link, whole pages.</summary>
    public int Link => ((ReceiveDepth * Stride) + Ring + 4095) & ~4095;
}
