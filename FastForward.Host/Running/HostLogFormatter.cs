using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace FastForward.Host.Running;

/// <summary>
/// One line per event: time, level, category with event id, text: the layout of the framework's simple formatter with
/// <c>SingleLine</c>, which is not used because its options cost time at every start.
/// </summary>
/// <param name="hasColors">Whether the level is colored, for a terminal.</param>
internal sealed class HostLogFormatter(bool hasColors) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "line";

    private const string EndColor = "\e[39m\e[22m\e[49m";

    public override void Write<TState>(
        in LogEntry<TState> logEntry,
        IExternalScopeProvider? scopeProvider,
        TextWriter textWriter
    )
    {
        (string level, string color) = Describe(logEntry.LogLevel);
        textWriter.Write(DateTimeOffset.Now.ToString("yyyy-MM-dd HH:mm:ss.fff ", CultureInfo.InvariantCulture));
        textWriter.Write(hasColors ? color + level + EndColor : level);
        textWriter.Write(": ");
        textWriter.Write(logEntry.Category);
        textWriter.Write('[');
        textWriter.Write(logEntry.EventId.Id);
        textWriter.Write("] ");
        textWriter.Write(OneLine(logEntry.Formatter(logEntry.State, logEntry.Exception)));
        if (logEntry.Exception is { } exception)
        {
            textWriter.Write(' ');
            textWriter.Write(OneLine(exception.ToString()));
        }

        textWriter.Write('\n');
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
}
