using Microsoft.Extensions.Logging;

namespace Tarantool.Client.Diagnostics;

/// <summary>All log messages of the client. Event ids 6000 to 6099 are reserved for it and never reused.</summary>
internal static partial class Log
{
    public const string Category = "Tarantool.Client";

    [LoggerMessage(6000, LogLevel.Information, "Connected to Tarantool {Version} at {EndPoint}, instance {InstanceId}")]
    public static partial void Connected(ILogger logger, string endPoint, string version, Guid instanceId);

    [LoggerMessage(
        6001,
        LogLevel.Warning,
        "The connection to {EndPoint} was lost with {InFlight} requests in flight, and {More} others since the last "
            + "report"
    )]
    public static partial void ConnectionLost(
        ILogger logger,
        string endPoint,
        int inFlight,
        long more,
        Exception reason
    );

    [LoggerMessage(
        6002,
        LogLevel.Warning,
        "Cannot connect to {EndPoint} (attempt {Attempt}, {More} not reported since the last one); next attempt in "
            + "{Delay}"
    )]
    public static partial void ConnectFailed(
        ILogger logger,
        string endPoint,
        int attempt,
        long more,
        TimeSpan delay,
        Exception reason
    );

    [LoggerMessage(6003, LogLevel.Information, "The client for {EndPoint} was closed")]
    public static partial void Closed(ILogger logger, string endPoint);

    [LoggerMessage(
        6004,
        LogLevel.Error,
        "A StateChanged handler threw an exception, and {More} times since the last report"
    )]
    public static partial void StateHandlerFailed(ILogger logger, long more, Exception reason);

    [LoggerMessage(
        6005,
        LogLevel.Error,
        "A receiver of pushed messages threw an exception, and {More} times since the last report"
    )]
    public static partial void PushHandlerFailed(ILogger logger, long more, Exception reason);

    [LoggerMessage(6006, LogLevel.Debug, "Dropped the late response to request {Sync}")]
    public static partial void LateAnswer(ILogger logger, ulong sync);

    [LoggerMessage(6007, LogLevel.Debug, "The schema changed to version {Version}; cached names were discarded")]
    public static partial void SchemaChanged(ILogger logger, uint version);

    [LoggerMessage(
        6008,
        LogLevel.Error,
        "Dropped a pushed message that cannot be decoded, and {More} since the last report"
    )]
    public static partial void UnreadableMessage(ILogger logger, long more, Exception reason);

    [LoggerMessage(
        6009,
        LogLevel.Error,
        "Dropped a value of the watched key {Key} that cannot be decoded, and {More} since the last report; the watch "
            + "goes on"
    )]
    public static partial void UnreadableEvent(ILogger logger, string key, long more, Exception reason);

    [LoggerMessage(
        6010,
        LogLevel.Information,
        "The connection to {EndPoint} is stable again; not reported were {Connections} connections, {Losses} losses "
            + "and {Attempts} failed attempts"
    )]
    public static partial void Stable(ILogger logger, string endPoint, long connections, long losses, long attempts);

    [LoggerMessage(
        6011,
        LogLevel.Warning,
        "{EndPoint} was passed over, and {More} times a server since the last report; another one is used"
    )]
    public static partial void PassedOver(ILogger logger, string endPoint, long more, Exception reason);

    [LoggerMessage(
        6012,
        LogLevel.Information,
        "{EndPoint} has announced its stop, and {More} times a server since the last report; requests in flight go on"
    )]
    public static partial void ShuttingDown(ILogger logger, string endPoint, long more);
}
