using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Logging;

/// <summary>Log messages about the files of a listening UNIX socket.</summary>
internal static partial class SocketFileLog
{
    [LoggerMessage(
        EventId = 1301,
        Level = LogLevel.Warning,
        Message = "{Path}: files had been removed and are in place again ({Files}). If a program that cleans "
            + "directories did it, exclude FastForward.* there or choose another directory"
    )]
    public static partial void Restored(ILogger logger, string path, string files);

    [LoggerMessage(
        EventId = 1302,
        Level = LogLevel.Warning,
        Message = "{Path}: files were removed and cannot be created again: {Reason} Nothing can connect until then "
            + "({Suppressed} more since the last of these entries)"
    )]
    public static partial void NotRestored(ILogger logger, string path, string reason, long suppressed);
}
