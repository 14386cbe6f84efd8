using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace FastForward.Host.Running;

/// <summary>The log of the program: one line per event, to the standard error stream.</summary>
internal static class HostLogging
{
    public static ILoggerFactory Create(LogLevel lowest) =>
        LoggerFactory.Create(builder =>
        {
            builder.SetMinimumLevel(lowest);
            builder.AddSimpleConsole(format =>
            {
                format.SingleLine = true;
                format.TimestampFormat = "yyyy-MM-dd HH:mm:ss.fff ";
                format.ColorBehavior = Console.IsErrorRedirected
                    ? LoggerColorBehavior.Disabled
                    : LoggerColorBehavior.Enabled;
            });
            builder.AddConsole(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        });
}
