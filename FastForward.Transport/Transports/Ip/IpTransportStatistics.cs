using FastForward.Transport.Transports.Datagrams;

namespace FastForward.Transport.Transports.Ip;

/// <summary>
/// Counters of an <see cref="IpTransport"/> since its start. Written by the loop thread; any thread may read.
/// </summary>
internal sealed class IpTransportStatistics : TransportStatistics
{
    private long _sendRetries;
    private long _networkErrors;

    internal IpTransportStatistics() { }

    /// <summary>What every medium with datagrams counts.</summary>
    public DatagramStatistics Datagrams { get; } = new();

    /// <summary>
    /// Datagrams sent again after an error, which usually belonged to an earlier datagram to another peer.
    /// </summary>
    public long SendRetries => Volatile.Read(ref _sendRetries);

    /// <summary>
    /// ICMP reports read from the sockets' error queues (IP_RECVERR, ip(7)). They can be forged, so they are counted
    /// and otherwise ignored.
    /// </summary>
    public long NetworkErrors => Volatile.Read(ref _networkErrors);

    /// <inheritdoc/>
    public override IEnumerable<KeyValuePair<string, long>> DroppedFrames => Datagrams.DroppedFrames;

    internal void SendRetried() => _sendRetries++;

    internal void NetworkError() => _networkErrors++;
}
