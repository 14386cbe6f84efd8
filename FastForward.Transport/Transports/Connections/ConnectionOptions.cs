namespace FastForward.Transport.Transports.Connections;

/// <summary>Settings that every medium with connections has.</summary>
/// <param name="MaxFrameSize">
/// The longest frame of this side, in bytes; a link uses the smaller value of its two sides.
/// </param>
/// <param name="OpenTimeoutMicros">How long a link may take to open, in microseconds.</param>
/// <param name="MaxPendingOpens">The most accepted connections that may be opening at once.</param>
/// <param name="SendBufferSize">SO_SNDBUF (socket(7)) in bytes; 0 keeps the default.</param>
/// <param name="SharedMemoryLimit">The most bytes of memory that links share with peers; 0 for none.</param>
internal sealed record ConnectionOptions(
    int MaxFrameSize,
    long OpenTimeoutMicros,
    int MaxPendingOpens,
    int SendBufferSize,
    long SharedMemoryLimit = 0
);
