namespace FastForward.Transport.Transports.Datagrams;

/// <summary>
/// What a transport counts where its medium is datagrams, since its start. Written by the loop thread; any thread may
/// read.
/// </summary>
internal sealed class DatagramStatistics
{
    private long _strangerFrames;
    private long _strangersIgnored;
    private long _droppedShort;
    private long _droppedLong;
    private long _sendFailures;
    private long _receiveFailures;
    private long _receiveOverflows;

    internal DatagramStatistics() { }

    /// <summary>
    /// Datagrams that belong to no link, or came from elsewhere, and were passed to <see cref="ILinkSink.Stranger"/> or
    /// <see cref="ILinkSink.Moved"/>.
    /// </summary>
    public long StrangerFrames => Volatile.Read(ref _strangerFrames);

    /// <summary>
    /// Datagrams that belong to no link, dropped after <see cref="IForwardTransport.StopAccepting"/>.
    /// </summary>
    public long StrangersIgnored => Volatile.Read(ref _strangersIgnored);

    /// <summary>Datagrams dropped because they are too short to hold a link index: below 8 bytes.</summary>
    public long DroppedShort => Volatile.Read(ref _droppedShort);

    /// <summary>Datagrams dropped because they are longer than the transport's option MaxFrameSize.</summary>
    public long DroppedLong => Volatile.Read(ref _droppedLong);

    /// <summary>
    /// Datagrams lost because the kernel refused to send them (unreachable, not permitted, too long).
    /// </summary>
    public long SendFailures => Volatile.Read(ref _sendFailures);

    /// <summary>Datagrams that the kernel dropped because the receive buffer was full.</summary>
    public long ReceiveOverflows => Volatile.Read(ref _receiveOverflows);

    /// <summary>Receive calls that failed with an error other than EAGAIN and EINTR.</summary>
    public long ReceiveFailures => Volatile.Read(ref _receiveFailures);

    /// <summary>For <see cref="TransportStatistics.DroppedFrames"/>.</summary>
    internal IEnumerable<KeyValuePair<string, long>> DroppedFrames =>
        [
            new("too_short", DroppedShort),
            new("too_long", DroppedLong),
            new("not_accepting", StrangersIgnored),
            new("send_failed", SendFailures),
            new("buffer_full", ReceiveOverflows),
        ];

    internal void StrangerShown() => _strangerFrames++;

    internal void StrangerIgnored() => _strangersIgnored++;

    internal void TooShort() => _droppedShort++;

    internal void TooLong() => _droppedLong++;

    internal void SendFailed() => _sendFailures++;

    internal void ReceiveFailed() => _receiveFailures++;

    internal void ReceiveOverflowed(uint count) => _receiveOverflows += count;
}
