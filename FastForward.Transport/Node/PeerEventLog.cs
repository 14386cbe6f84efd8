using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Node;

/// <summary>
/// Logs the events of peers, with a rate limit per peer: the first ten events of a window of ten seconds are logged at
/// once, the others as one line with their number and the last event at the end of the window. While it goes on the
/// window doubles, up to ten minutes. A flapping peer cannot fill the disk, and the last line about it shows its
/// current state. Unknown nodes share one limit, since node ids can be forged.
/// </summary>
internal sealed partial class PeerEventLog
{
    private const long WindowMicros = 10_000_000;
    private const long LongestWindowMicros = 640_000_000;
    private const int LinesPerWindow = 10;
    private const uint UnknownNodes = 0; // no node has this id

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

    /// <summary>Logs an event now, or in the summary of its window.</summary>
    /// <param name="change">The event.</param>
    /// <param name="isOrdinary">Logged as information, not as a warning.</param>
    public void Add(in PeerEvent change, bool isOrdinary)
    {
        uint key = change.Kind == PeerEventKind.NotConfigured ? UnknownNodes : change.Node;
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

    /// <summary>Logs what is held back. Called when the node ends.</summary>
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
                    _windows.Remove(key); // allowed during enumeration
                    continue;
                }

                // The peer exceeded the limit: the next window logs only a summary.
                WriteHeld(window);
                window.Micros = Math.Min(2 * window.Micros, LongestWindowMicros);
                window.Ends = _loop.NowMicros + window.Micros;
                window.Lines = LinesPerWindow;
            }

            next = Math.Min(next, window.Ends);
        }

        if (next != long.MaxValue)
            _timer.SetAt(next);
    }

    private void Write(in PeerEvent change, LogLevel level)
    {
        if ((change.Path ?? change.Transport?.ToString()) is { } path)
            LogOnPath(_logger, level, change.Node, change.Kind, path, change.Reason);
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

    [LoggerMessage(EventId = 1100, Message = "Node {Node}: {Kind} over {Path}: {Reason}")]
    private static partial void LogOnPath(
        ILogger logger,
        LogLevel level,
        uint node,
        PeerEventKind kind,
        string path,
        string reason
    );

    [LoggerMessage(EventId = 1103, Message = "Node {Node}: {Kind}: {Reason}")]
    private static partial void Log(ILogger logger, LogLevel level, uint node, PeerEventKind kind, string reason);

    [LoggerMessage(
        EventId = 1104,
        Message = "{Count} events were not logged individually; the last: node {Node}: {Kind}: {Reason}"
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

        public long Micros { get; set; } = WindowMicros;

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
