using System.Net;

namespace FastForward.Transport;

/// <summary>The state of one path, which is one link to a peer.</summary>
public enum PathState
{
    /// <summary>The handshake is under way.</summary>
    Opening,

    /// <summary>
    /// The handshake is complete; the peer has to prove over a stronger path that this one is its own.
    /// </summary>
    Validating,

    /// <summary>Probes are answered.</summary>
    Sound,

    /// <summary>
    /// The peer owes an answer for longer than its answers take. Messages still take the path, those in real time a
    /// second one as well (<see cref="PathRedundancy"/>).
    /// </summary>
    Doubtful,

    /// <summary>Three probes in a row went unanswered. Another path is used where there is one.</summary>
    Suspect,

    /// <summary>It was suspect and answers again, but not for long enough to be used before another one.</summary>
    Returning,

    /// <summary>Nothing is sent any more; what the peer sent before is still read.</summary>
    Draining,

    /// <summary>The path is being closed.</summary>
    Closing,
}

/// <summary>A snapshot of one path to a peer. Loss and reordering are those of incoming frames.</summary>
public sealed class PathStatus
{
    internal PathStatus() { }

    /// <summary>The medium.</summary>
    public TransportKind Transport { get; internal init; }

    /// <summary>Where the peer is, as the medium names it.</summary>
    public EndPoint? RemoteEndPoint { get; internal init; }

    /// <summary>The local end of the path; null where the medium has no name for it.</summary>
    public EndPoint? LocalEndPoint { get; internal init; }

    /// <summary>
    /// The routes do not lead over it any more: it serves until a path of a present route does, and is closed then.
    /// </summary>
    public bool IsFormer { get; internal init; }

    /// <inheritdoc cref="LinkTraits.SharedMemory"/>
    public bool SharedMemory { get; internal init; }

    /// <inheritdoc cref="LinkTraits.NoSharedMemoryReason"/>
    public string? NoSharedMemoryReason { get; internal init; }

    /// <summary>The state.</summary>
    public PathState State { get; internal init; }

    /// <summary>Whether messages to the peer take this path.</summary>
    public bool IsInUse { get; internal init; }

    /// <summary>Time since its link opened.</summary>
    public TimeSpan Age { get; internal init; }

    /// <summary>
    /// Smoothed round trip (RFC 6298, section 2), measured once per <see cref="ForwardNodeOptions.ProbeInterval"/>, and
    /// by every acknowledgement where frames may be lost; null before the first measurement.
    /// </summary>
    public TimeSpan? RoundTrip { get; internal init; }

    /// <summary>The id of the key that both sides prove; 0 for none.</summary>
    public uint KeyId { get; internal init; }

    /// <summary>Its frames are encrypted and authenticated with keys of this path.</summary>
    public bool IsSealed { get; internal init; }

    /// <summary>Interarrival jitter (RFC 3550, section 6.4.1).</summary>
    public TimeSpan Jitter { get; internal init; }

    /// <summary>
    /// The share of the peer's frames of the last 30 probe intervals that did not arrive, 0 to 1; always 0 on a
    /// reliable medium.
    /// </summary>
    public double LossRatio { get; internal init; }

    /// <summary>
    /// The share of the frames of the last 30 probe intervals that arrived after a later one, 0 to 1; always 0 on an
    /// ordered medium.
    /// </summary>
    public double ReorderedRatio { get; internal init; }

    /// <summary>Frames with messages or probes received since the path was opened.</summary>
    public long FramesReceived { get; internal init; }

    /// <summary>Frames lost since the path was opened, by the gaps in their numbers.</summary>
    public long FramesLost { get; internal init; }

    /// <summary>Frames received after a later one since the path was opened (RFC 4737, section 3.3).</summary>
    public long FramesReordered { get; internal init; }

    /// <summary>Frames with messages or probes sent since the path was opened.</summary>
    public long FramesSent { get; internal init; }

    /// <summary>Frames received a second time since the path was opened.</summary>
    public long FramesDuplicated { get; internal init; }

    /// <summary>How long ago a frame of the peer arrived; null when none has.</summary>
    public TimeSpan? SinceHeard { get; internal init; }

    /// <summary>
    /// How long ago the peer confirmed that something arrived: a probe, or a frame where frames may be lost; null when
    /// it has not.
    /// </summary>
    public TimeSpan? SinceDelivered { get; internal init; }

    /// <summary>
    /// How much longer than the fastest ones of the last seconds the frames of the peer travel; null before the first.
    /// </summary>
    public TransitStatus? IncomingTransit { get; internal init; }

    /// <summary>
    /// The same of the frames to the peer, as it reports it; null where it does not, as on ordered media.
    /// </summary>
    public TransitStatus? OutgoingTransit { get; internal init; }

    /// <summary>The share of the frames to the peer that are lost, 0 to 1; 0 on an ordered medium.</summary>
    public double OutgoingLossRatio { get; internal init; }

    /// <summary>How many frames to the peer are lost in a row on average; 1 while none is lost.</summary>
    public double OutgoingLossBurst { get; internal init; }

    /// <summary>Probes in a row that went unanswered; 3 make the path suspect.</summary>
    public int ProbesMissed { get; internal init; }
}
