using System.Net;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Transports.Datagrams;

/// <summary>
/// Reads once a second what the kernel dropped because the receive buffer of a socket was full, counts it, and logs it
/// at most once in ten seconds for each socket.
/// </summary>
internal sealed partial class ReceiveOverflows : IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1L);
    private static readonly TimeSpan s_logPause = TimeSpan.FromSeconds(10L);

    private readonly ForwardLoop _loop;
    private readonly DatagramStatistics _statistics;
    private readonly ILogger _logger;
    private readonly Entry[] _entries;
    private readonly LoopTimer _timer;

    public ReceiveOverflows(ForwardLoop loop, DatagramSocket[] sockets, DatagramStatistics statistics, ILogger logger)
    {
        _loop = loop;
        _statistics = statistics;
        _logger = logger;
        _entries = Array.ConvertAll(sockets, static socket => new Entry(socket));
        _timer = loop.CreateTimer(OnTimer);
        _timer.SetAfter(s_interval);
    }

    /// <summary>Reads the counters a last time, before the sockets close.</summary>
    public void Dispose()
    {
        _timer.Cancel();
        Read();
    }

    private void OnTimer()
    {
        _timer.SetAfter(s_interval);
        Read();
    }

    private void Read()
    {
        foreach (Entry entry in _entries)
        {
            uint dropped = ReceiveBuffer.DroppedDatagrams(entry.Socket.Descriptor);
            uint more = unchecked(dropped - entry.Counted);
            entry.Counted = dropped;
            entry.Unlogged += more;
            _statistics.ReceiveOverflowed(more);
            if (entry.Unlogged == 0 || _loop.Now < entry.NextLine)
                continue;
            int granted = ReceiveBuffer.Granted(entry.Socket.Descriptor);
            LogDropped(_logger, entry.Unlogged, entry.Socket.LocalEndPoint, granted);
            entry.Unlogged = 0;
            entry.NextLine = _loop.Now + s_logPause;
        }
    }

    [LoggerMessage(
        EventId = 1203,
        Level = LogLevel.Warning,
        Message = "The kernel dropped {Count} datagrams for {EndPoint}: they came faster than the node reads, and the "
            + "receive buffer of {Granted} bytes was full; net.core.rmem_max limits it"
    )]
    private static partial void LogDropped(ILogger logger, long count, EndPoint endPoint, int granted);

    private sealed class Entry(DatagramSocket socket)
    {
        public DatagramSocket Socket => socket;

        public uint Counted { get; set; }

        public long Unlogged { get; set; }

        public TimeSpan NextLine { get; set; } = TimeSpan.MinValue;
    }
}
