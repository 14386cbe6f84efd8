using FastForward.Transport.Transports.Links;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>
/// Counters of a <see cref="VSocketTransport"/> since its start. The ones declared here move only where vSockets are
/// datagrams (VMCI). Written by the loop thread; any thread may read.
/// </summary>
public sealed class VSocketTransportStatistics : ConnectionStatistics
{
    private long _strangerFrames;
    private long _strangersIgnored;
    private long _droppedShort;
    private long _droppedLong;
    private long _sendFailures;
    private long _receiveFailures;

    internal VSocketTransportStatistics() { }

    /// <summary>Datagrams that fitted no link and were shown as strangers'.</summary>
    public long StrangerFrames => Volatile.Read(ref _strangerFrames);

    /// <summary>Strangers' datagrams dropped because the transport takes no new links any more.</summary>
    public long StrangersIgnored => Volatile.Read(ref _strangersIgnored);

    /// <summary>Datagrams dropped because they are too short to name a link (below 8 bytes).</summary>
    public long DroppedShort => Volatile.Read(ref _droppedShort);

    /// <summary>Datagrams dropped because they are longer than <see cref="VSocketTransportOptions.MaxFrameSize"/>.</summary>
    public long DroppedLong => Volatile.Read(ref _droppedLong);

    /// <summary>Datagrams that the kernel refused for good (no such machine, too long) and that were skipped.</summary>
    public long SendFailures => Volatile.Read(ref _sendFailures);

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

    internal void ReceiveFailed() => _receiveFailures++;
}
