using Microsoft.Extensions.Logging;

namespace FastForward.Host.Actors;

/// <summary>
/// The share of the log that lines about single clients have: twenty between two sweeps, the rest as a number. Whoever
/// forges source addresses makes clients at will.
/// </summary>
internal sealed partial class ClientLog(string actor, ILogger logger)
{
    private const int LinesPerSweep = 20;

    private long _lines;

    /// <summary>Asks for one line.</summary>
    public bool Takes() => logger.IsEnabled(LogLevel.Debug) && _lines++ < LinesPerSweep;

    /// <summary>Tells how many were left out. Called about once a second.</summary>
    public void Sweep()
    {
        if (_lines > LinesPerSweep)
            LogLeftOut(logger, actor, _lines - LinesPerSweep);
        _lines = 0;
    }

    [LoggerMessage(
        EventId = 8011,
        Level = LogLevel.Debug,
        Message = "{Actor}: {Count} more lines about clients were left out"
    )]
    private static partial void LogLeftOut(ILogger logger, string actor, long count);
}
