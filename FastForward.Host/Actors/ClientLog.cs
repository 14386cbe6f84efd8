using Microsoft.Extensions.Logging;

namespace FastForward.Host.Actors;

/// <summary>
/// Limits the log lines about single clients: twenty between two sweeps, the others are counted. A sender of forged
/// source addresses creates any number of clients.
/// </summary>
internal sealed partial class ClientLog(string actor, ILogger logger)
{
    private const int LinesPerSweep = 20;

    private long _lines;

    /// <summary>Whether one more line may be written.</summary>
    public bool TryTakeLine() => logger.IsEnabled(LogLevel.Debug) && _lines++ < LinesPerSweep;

    /// <summary>Logs how many lines were left out. Call it about once a second.</summary>
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
