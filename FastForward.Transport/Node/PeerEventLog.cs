using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Node;

/// <summary>
/// Logs the events of peers: of each the first ten in ten seconds at once, what is beyond them as one line with their
/// number and the last of them when the ten seconds are over. So a peer that flaps does not fill the disk, and the last
/// line about it is still the truth. Strangers have one share together: anybody can invent node ids.
/// </summary>
internal sealed partial class PeerEventLog
{
    private const long WindowMicros = 10_000_000;
    private const int LinesPerWindow = 10;
    private const uint Strangers = 0; // no node has this id

    private readonly ForwardLoop _loop;
    private readonly ILogger _logger;
    private readonly LoopTimer _timer;
    private readonly Dictionary<uint, Window> _windows = [];

    public PeerEventLog(ForwardLoop loop, ILogger logger)
    {
        _loop = loop;
        _logger = logger;
        _timer = loop.CreateTimer(Sweep);
    }

    /// <summary>Logs an event, now or with others later.</summary>
    /// <param name="change">The event.</param>
    /// <param name="isOrdinary">It is no trouble.</param>
    public void Add(in PeerEvent change, bool isOrdinary)
    {
        uint key = change.Kind == PeerEventKind.NotConfigured ? Strangers : change.Node;
        LogLevel level = isOrdinary ? LogLevel.Information : LogLevel.Warning;
        if (!_windows.TryGetValue(key, out Window? window))
        {
            _windows.Add(key, window = new Window { Ends = _loop.NowMicros + WindowMicros });
            if (!_timer.IsSet)
                _timer.SetAt(window.Ends);
        }

        if (window.Lines++ < LinesPerWindow)
            Write(change, level);
        else
            window.Hold(change, level);
    }

    /// <summary>Logs what is held back. The node ends.</summary>
    public void Close()
    {
        _timer.Cancel();
        foreach (Window window in _windows.Values)
            WriteHeld(window);
        _windows.Clear();
    }

    private void Sweep()
    {
        long next = long.MaxValue;
        foreach ((uint key, Window window) in _windows)
        {
            if (_loop.NowMicros >= window.Ends)
            {
                if (window.Held == 0)
                {
                    _windows.Remove(key); // allowed while walking
                    continue;
                }

                // It goes on flapping, for all we know: the next window gives one line only.
                WriteHeld(window);
                window.Ends = _loop.NowMicros + WindowMicros;
                window.Lines = LinesPerWindow;
            }

            next = Math.Min(next, window.Ends);
        }

        if (next != long.MaxValue)
            _timer.SetAt(next);
    }

    private void Write(in PeerEvent change, LogLevel level)
    {
        if (change.Transport is { } transport)
            LogOnPath(_logger, level, change.Node, change.Kind, transport, change.Reason);
        else
            Log(_logger, level, change.Node, change.Kind, change.Reason);
    }

    private void WriteHeld(Window window)
    {
        if (window.Held == 0)
            return;
        LogHeld(_logger, window.Level, window.Held, window.Last.Node, window.Last.Kind, window.Last.Reason);
        window.Held = 0;
        window.Level = LogLevel.Information;
    }

    [LoggerMessage(EventId = 1100, Message = "Node {Node}: {Kind} over {Transport}: {Reason}")]
    private static partial void LogOnPath(
        ILogger logger,
        LogLevel level,
        uint node,
        PeerEventKind kind,
        TransportKind transport,
        string reason
    );

    [LoggerMessage(EventId = 1103, Message = "Node {Node}: {Kind}: {Reason}")]
    private static partial void Log(ILogger logger, LogLevel level, uint node, PeerEventKind kind, string reason);

    [LoggerMessage(
        EventId = 1104,
        Message = "{Count} events were not logged one by one; the last: node {Node}: {Kind}: {Reason}"
    )]
    private static partial void LogHeld(
        ILogger logger,
        LogLevel level,
        long count,
        uint node,
        PeerEventKind kind,
        string reason
    );

    private sealed class Window
    {
        public required long Ends { get; set; }

        public int Lines { get; set; }

        public long Held { get; set; }

        public PeerEvent Last { get; private set; }

        public LogLevel Level { get; set; } = LogLevel.Information;

        public void Hold(in PeerEvent change, LogLevel level)
        {
            Held++;
            Last = change;
            if (level > Level)
                Level = level;
        }
    }
}
