using FastForward.Transport.Transports;

namespace FastForward.Transport;

/// <summary>
/// What a medium promises for one link. Constant from <see cref="ILinkSink.Opened"/> until
/// <see cref="ILinkSink.Closed"/>; the session and the conformance tests derive their behaviour from these and never
/// from the transport's type.
/// </summary>
public sealed record LinkTraits
{
    /// <summary>A committed frame arrives, or the link closes. Otherwise a frame may be lost without notice.</summary>
    public required bool Reliable { get; init; }

    /// <summary>Frames arrive in the order of their commits, none twice.</summary>
    public required bool Ordered { get; init; }

    /// <summary>
    /// The medium itself opens and closes. Otherwise a link is an address only: <see cref="ILinkSink.Opened"/> says
    /// nothing about the remote side, and frames are found by the receiver index at <see cref="IForwardLink.Index"/>.
    /// </summary>
    public required bool ConnectionOriented { get; init; }

    /// <summary>The link closes by itself, at once, when the remote process ends.</summary>
    public required bool DetectsPeerDeath { get; init; }

    /// <summary>The longest frame in bytes that <see cref="IForwardLink.TryClaim"/> grants.</summary>
    public required int MaxFrameSize { get; init; }

    /// <summary>
    /// The frames stay within this host and its guests: they cross no network that others could tap. On vSockets the
    /// remote side may be another machine of the same hypervisor.
    /// </summary>
    public required bool HostLocal { get; init; }

    /// <summary>Frames go through memory that both processes share, and not through the kernel.</summary>
    public bool SharedMemory { get; init; }

    /// <summary>
    /// Why they do not, for an operator; null where they do, and on media that do not know it.
    /// </summary>
    public string? NoSharedMemoryReason { get; init; }

    /// <summary>What the kernel reports about the remote process or machine; null when it reports nothing.</summary>
    public PeerCredentials? Credentials { get; init; }
}
