namespace FastForward.Transport.Transports.Connections;

/// <summary>Settings that every medium with connections has.</summary>
/// <param name="MaxFrameSize">The longest frame of this side; a link takes the smaller one of both sides.</param>
/// <param name="OpenTimeoutMicros">How long a link may take to open.</param>
/// <param name="MaxPendingOpens">Accepted connections that have not opened yet.</param>
/// <param name="SendBufferSize">SO_SNDBUF; 0 leaves it as it is.</param>
internal sealed record ConnectionOptions(
    int MaxFrameSize,
    long OpenTimeoutMicros,
    int MaxPendingOpens,
    int SendBufferSize
);
