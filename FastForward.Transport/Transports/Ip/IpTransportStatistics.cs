namespace FastForward.Transport.Transports.Ip;

/// <summary>Counters of an <see cref="IpTransport"/> since its start. Written by the loop thread; any thread may read.</summary>
public sealed class IpTransportStatistics : TransportStatistics
{
    private long _strangerFrames;
    private long _strangersIgnored;
    private long _droppedShort;
    private long _droppedLong;
    private long _sendFailures;
    private long _sendRetries;
    private long _networkErrors;
    private long _receiveFailures;

    /// <summary>Datagrams that fitted no link and were shown as strangers'.</summary>
    public long StrangerFrames => Volatile.Read(ref _strangerFrames);

    /// <summary>Strangers' datagrams dropped because the transport takes no new links any more.</summary>
    public long StrangersIgnored => Volatile.Read(ref _strangersIgnored);

    /// <summary>Datagrams dropped because they are too short to name a link (below 8 bytes).</summary>
    public long DroppedShort => Volatile.Read(ref _droppedShort);

    /// <summary>Datagrams dropped because they are longer than <see cref="IpTransportOptions.MaxFrameSize"/>.</summary>
    public long DroppedLong => Volatile.Read(ref _droppedLong);

    /// <summary>Datagrams that the kernel refused for good (unreachable, not permitted, too long) and that were skipped.</summary>
    public long SendFailures => Volatile.Read(ref _sendFailures);

    /// <summary>Sends tried once more after an error, which usually belonged to an earlier datagram to somebody else.</summary>
    public long SendRetries => Volatile.Read(ref _sendRetries);

    /// <summary>Reports taken from the sockets' error queues (ICMP). Anybody can forge them: they are counted, nothing else.</summary>
    public long NetworkErrors => Volatile.Read(ref _networkErrors);

    /// <summary>Receive calls that failed with something else than "nothing there".</summary>
    public long ReceiveFailures => Volatile.Read(ref _receiveFailures);

    /// <inheritdoc/>
    public override IEnumerable<KeyValuePair<string, long>> DroppedFrames =>
        [
            new("too_short", DroppedShort),
            new("too_long", DroppedLong),
            new("not_accepting", StrangersIgnored),
            new("send_failed", SendFailures),
        ];

    internal void StrangerShown() => _strangerFrames++;

    internal void StrangerIgnored() => _strangersIgnored++;

    internal void TooShort() => _droppedShort++;

    internal void TooLong() => _droppedLong++;

    internal void SendFailed() => _sendFailures++;

    internal void SendRetried() => _sendRetries++;

    internal void NetworkError() => _networkErrors++;

    internal void ReceiveFailed() => _receiveFailures++;
}
