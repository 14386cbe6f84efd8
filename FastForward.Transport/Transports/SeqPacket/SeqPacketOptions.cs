namespace FastForward.Transport;

/// <summary>Settings that every seqpacket medium has.</summary>
/// <param name="MaxFrameSize">The longest frame of this side; a link takes the smaller one of both sides.</param>
/// <param name="OpenTimeoutMicros">How long a link may take to open.</param>
/// <param name="MaxPendingOpens">Accepted connections that have not opened yet.</param>
/// <param name="SendBufferSize">SO_SNDBUF.</param>
internal sealed record SeqPacketOptions(int MaxFrameSize, long OpenTimeoutMicros, int MaxPendingOpens, int SendBufferSize);
