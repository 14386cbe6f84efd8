using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Running;

/// <summary>
/// The log of the program: one line per event to the standard error stream, written by a thread of its own. Logging
/// never waits: entries that the stream takes too slowly (a pipe that nothing reads, a stopped terminal) are dropped,
/// and the next line says how many.
/// </summary>
internal sealed class HostLog : ILoggerProvider
{
    private const int Capacity = 2048;
    private static readonly TimeSpan s_stopLimit = TimeSpan.FromSeconds(1);

    private readonly Channel<string> _lines;
    private readonly Stream _output;
    private readonly Thread _writer;
    private readonly bool _hasColors;
    private long _dropped;

    /// <param name="output">Where the lines go.</param>
    /// <param name="hasColors">Whether levels are colored, for a terminal.</param>
    public HostLog(Stream output, bool hasColors)
    {
        _output = output;
        _hasColors = hasColors;
        _lines = Channel.CreateBounded<string>(
            new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true },
            _ => Interlocked.Increment(ref _dropped)
        );
        _writer = new Thread(Write) { IsBackground = true, Name = "log" };
        _writer.Start();
    }

    public ILogger CreateLogger(string categoryName) => new CategoryLogger(this, categoryName);

    /// <summary>Writes what is queued, for at most a second: a stream that blocks does not delay the end.</summary>
    public void Dispose()
    {
        _lines.Writer.TryComplete();
        _writer.Join(s_stopLimit);
    }

    private void Add(string line) => _lines.Writer.TryWrite(line);

    private void Write()
    {
        while (_lines.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_lines.Reader.TryRead(out string? line))
            {
                long dropped = Interlocked.Exchange(ref _dropped, 0);
                if (dropped > 0)
                    WriteLine(
                        Format(
                            LogLevel.Warning,
                            typeof(HostLog).FullName!,
                            0,
                            string.Create(
                                CultureInfo.InvariantCulture,
                                $"{dropped} entries were dropped: the standard error stream took them too slowly"
                            ),
                            null
                        )
                    );
                WriteLine(line);
            }
        }
    }

    private void WriteLine(string line)
    {
        try
        {
            _output.Write(Encoding.UTF8.GetBytes(line));
        }
#pragma warning disable CA1031 // A thread that throws would end the process.
        catch (Exception)
#pragma warning restore CA1031
        {
            // The terminal is gone, the disk is full, the stream is closed: there is no place to say so.
        }
    }

    private string Format(LogLevel level, string category, int eventId, string text, Exception? exception)
    {
        (string name, string color) = Describe(level);
        string time = DateTimeOffset.Now.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
        string details = exception is null ? "" : " " + OneLine(exception.ToString());
        string shown = _hasColors ? $"{color}{name}\e[39m\e[22m\e[49m" : name;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{time} {shown}: {category}[{eventId}] {OneLine(text)}{details}\n"
        );
    }

    private static string OneLine(string text) => VisibleText.Of(text.Replace('\n', ' '));

    // Escape sequences of ECMA-48, as the framework's formatter has them.
    private static (string Level, string Color) Describe(LogLevel level) =>
        level switch
        {
            LogLevel.Trace => ("trce", "\e[40m\e[37m"),
            LogLevel.Debug => ("dbug", "\e[40m\e[37m"),
            LogLevel.Information => ("info", "\e[40m\e[32m"),
            LogLevel.Warning => ("warn", "\e[40m\e[1m\e[33m"),
            LogLevel.Error => ("fail", "\e[41m\e[30m"),
            _ => ("crit", "\e[41m\e[1m\e[37m"),
        };

    private sealed class CategoryLogger(HostLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => log.Add(log.Format(logLevel, category, eventId.Id, formatter(state, exception), exception));
    }
}
