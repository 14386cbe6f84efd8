using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace FastForward.Host.Running;

/// <summary>The log of the program: one line per event, to the standard error stream.</summary>
internal static class HostLogging
{
    public static void Configure(ILoggingBuilder logging, LogLevel lowest)
    {
        logging.SetMinimumLevel(lowest);

        // What goes wrong in the generic host reaches this program as an exception, which it logs in its own words.
        logging.AddFilter("Microsoft", LogLevel.None);

        // 1600 and 1601: this program's own 8100 and 8102 say the same and more.
        logging.AddFilter("FastForward.Transport.DependencyInjection.ForwardService", LogLevel.Warning);
        logging.Services.AddSingleton<ILoggerProvider>(static _ => CreateConsole());
    }

    private static ConsoleLoggerProvider CreateConsole() =>
        new(new ConsoleOptions(), [new HostLogFormatter(hasColors: !Console.IsErrorRedirected)]);

    /// <summary>Options that never change.</summary>
    private sealed class ConsoleOptions : IOptionsMonitor<ConsoleLoggerOptions>
    {
        public ConsoleLoggerOptions CurrentValue { get; } =
            new() { FormatterName = HostLogFormatter.FormatterName, LogToStandardErrorThreshold = LogLevel.Trace };

        public ConsoleLoggerOptions Get(string? name) => CurrentValue;

        public IDisposable? OnChange(Action<ConsoleLoggerOptions, string?> listener) => null;
    }
}
