using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Transports.Connections;

/// <summary>Log messages of media with connections.</summary>
internal static partial class ConnectionLog
{
    [LoggerMessage(
        EventId = 1310,
        Level = LogLevel.Warning,
        Message = "Accepting connections failed: {Error}; the next attempt is in {Milliseconds} ms. If this persists, "
            + "raise the limit of open descriptors (LimitNOFILE). Occurrences not logged: {Count}"
    )]
    public static partial void AcceptPaused(ILogger logger, string error, long milliseconds, long count);

    [LoggerMessage(
        EventId = 1311,
        Level = LogLevel.Warning,
        Message = "A connection from {Who} was refused: {Reason}. Occurrences not logged: {Count}"
    )]
    public static partial void InboundRefused(ILogger logger, string who, string reason, long count);

    [LoggerMessage(
        EventId = 1312,
        Level = LogLevel.Warning,
        Message = "For {Seconds} s links with processes of user id {User} share no memory, because of one of them: "
            + "{Reason}. Occurrences not logged: {Count}"
    )]
    public static partial void RingsRefused(ILogger logger, uint user, long seconds, string reason, long count);
}
