using FastForward.Transport.Transports.Connections;
using FastForward.Transport.Transports.Datagrams;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>
/// Counters of a <see cref="VSocketTransport"/> since its start. Written by the loop thread; any thread may read.
/// </summary>
internal sealed class VSocketTransportStatistics : ConnectionStatistics
{
    internal VSocketTransportStatistics() { }

    /// <summary>
    /// What every medium with datagrams counts; all 0 unless the type is <see cref="VSocketType.Datagram"/>.
    /// </summary>
    public DatagramStatistics Datagrams { get; } = new();

    /// <inheritdoc/>
    public override IEnumerable<KeyValuePair<string, long>> DroppedFrames => Datagrams.DroppedFrames;
}
