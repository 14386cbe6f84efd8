using FastForward.Host.Instances;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Running;

/// <summary>
/// Reads the instance file and the file of keys again: rows, keys and log level take effect at once, a restart that
/// other settings need is logged, and a file with problems changes nothing.
/// </summary>
/// <param name="started">What the file said at the start.</param>
/// <param name="read">Reads both.</param>
/// <param name="keys">The keys in use.</param>
/// <param name="routes">The rows in use.</param>
/// <param name="logging">The log level in use.</param>
/// <param name="manager">Is told of it.</param>
/// <param name="logger">Receives what was done.</param>
internal sealed partial class InstanceReload(
    InstanceSettings started,
    Func<InstanceReading> read,
    InstanceKeys keys,
    InstanceRoutes routes,
    HostLogging logging,
    ServiceManager manager,
    ILogger<InstanceReload> logger
)
{
    private const int MaxProblems = 20;

    private readonly Lock _one = new();

    public void Run()
    {
        lock (_one)
        {
            manager.Reloading();
            try
            {
                Apply();
            }
            finally
            {
                manager.Reloaded();
            }
        }
    }

    private void Apply()
    {
        InstanceReading reading = read();
        if (reading.Settings is not { } settings)
        {
            foreach (InstanceProblem problem in reading.Problems.Take(MaxProblems))
                LogProblem(logger, problem);
            LogRejected(logger, started.File, reading.Problems.Count);
            return;
        }

        logging.Lowest = settings.LogLevel;
        keys.Replace(reading.Keys);
        routes.Replace(settings);
        int rows = settings.OverriddenNodes.Count + settings.Nodes.Count;
        LogApplied(logger, started.File, rows, reading.Keys.Count, settings.LogLevel);
        IReadOnlyList<string> changes = InstanceChanges.NeedRestart(started, settings);
        if (changes.Count > 0)
            LogRestartNeeded(logger, string.Join(", ", changes));
    }

    [LoggerMessage(
        EventId = 8105,
        Level = LogLevel.Information,
        Message = "{File} was read again: {Rows} rows, {Keys} keys, log level {Lowest}"
    )]
    private static partial void LogApplied(ILogger logger, string file, int rows, int keys, LogLevel lowest);

    [LoggerMessage(
        EventId = 8106,
        Level = LogLevel.Warning,
        Message = "These changes take effect at the next start: {Keys}"
    )]
    private static partial void LogRestartNeeded(ILogger logger, string keys);

    [LoggerMessage(EventId = 8107, Level = LogLevel.Error, Message = "{Problem}")]
    private static partial void LogProblem(ILogger logger, InstanceProblem problem);

    [LoggerMessage(
        EventId = 8108,
        Level = LogLevel.Error,
        Message = "{File} was read again and has {Count} problems: nothing was changed"
    )]
    private static partial void LogRejected(ILogger logger, string file, int count);
}
