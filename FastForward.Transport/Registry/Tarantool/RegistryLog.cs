using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Registry.Tarantool;

/// <summary>Log messages of registries. Each is written when a state changes, not while it lasts.</summary>
internal static partial class RegistryLog
{
    [LoggerMessage(
        EventId = 1520,
        Level = LogLevel.Information,
        Message = "{Registry}: {Server} answers ({Notice}, {State}, {Writes} writes)"
    )]
    public static partial void Answers(
        ILogger logger,
        string registry,
        string server,
        RegistryNotice notice,
        RegistryServerState state,
        ulong? writes
    );

    [LoggerMessage(EventId = 1521, Level = LogLevel.Warning, Message = "{Registry}: {Server} is {State}: {Detail}")]
    public static partial void Trouble(
        ILogger logger,
        string registry,
        string server,
        RegistryServerState state,
        string detail
    );

    [LoggerMessage(
        EventId = 1522,
        Level = LogLevel.Information,
        Message = "{Registry}: {Rows} rows of {Server} are in use ({Changed} changed; {Writes} writes)"
    )]
    public static partial void RowsInUse(
        ILogger logger,
        string registry,
        int rows,
        string server,
        int changed,
        ulong? writes
    );

    [LoggerMessage(
        EventId = 1523,
        Level = LogLevel.Warning,
        Message = "{Registry}: {Server} was adopted although {Reason}. Before: {Before}. Now: {Now}"
    )]
    public static partial void Adopted(
        ILogger logger,
        string registry,
        string server,
        string reason,
        string before,
        string now
    );

    [LoggerMessage(
        EventId = 1524,
        Level = LogLevel.Warning,
        Message = "{Registry}: the cache {File} was not used: {Problem}"
    )]
    public static partial void CacheNotRead(ILogger logger, string registry, string file, string problem);

    [LoggerMessage(
        EventId = 1525,
        Level = LogLevel.Warning,
        Message = "{Registry}: the cache {File} was not written: {Problem}. A start without a server will have older "
            + "rows"
    )]
    public static partial void CacheNotWritten(ILogger logger, string registry, string file, string problem);

    [LoggerMessage(
        EventId = 1526,
        Level = LogLevel.Information,
        Message = "{Registry}: {Rows} rows of the cache {File} are in use until a server answers"
    )]
    public static partial void CacheInUse(ILogger logger, string registry, int rows, string file);

    [LoggerMessage(
        EventId = 1527,
        Level = LogLevel.Error,
        Message = "{Registry}: what {Server} said met a defect of this program; it is tried again"
    )]
    public static partial void Defect(ILogger logger, string registry, string server, Exception exception);

    [LoggerMessage(
        EventId = 1528,
        Level = LogLevel.Error,
        Message = "{Registry}: who was told of a change has failed; the rows in use are right"
    )]
    public static partial void ListenerFailed(ILogger logger, string registry, Exception exception);
}
