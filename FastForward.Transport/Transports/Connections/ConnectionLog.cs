using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Transports.Connections;

/// <summary>Log messages of media with connections.</summary>
internal static partial class ConnectionLog
{
    [LoggerMessage(
        EventId = 1310,
        Level = LogLevel.Warning,
        Message = "No connection can be accepted: {Error}; trying again in {Milliseconds} ms. Not logged since the last time: {Count}. Raise the limit of open descriptors (LimitNOFILE) if it persists"
    )]
    public static partial void AcceptPaused(ILogger logger, string error, long milliseconds, long count);

    [LoggerMessage(
        EventId = 1311,
        Level = LogLevel.Warning,
        Message = "A connection from {Who} was not let in: {Reason}. Not logged since the last time: {Count}"
    )]
    public static partial void InboundRefused(ILogger logger, string who, string reason, long count);
}
