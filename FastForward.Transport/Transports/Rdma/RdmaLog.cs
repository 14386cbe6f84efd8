using System.Net;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Transports.Rdma;

/// <summary>Log messages of the transport.</summary>
internal static partial class RdmaLog
{
    [LoggerMessage(EventId = 1360, Level = LogLevel.Information, Message = "Listening at {EndPoints} ({Devices})")]
    public static partial void Started(ILogger logger, string endPoints, string devices);

    [LoggerMessage(
        EventId = 1361,
        Level = LogLevel.Warning,
        Message = "{EndPoint} is on this machine: a row of FORWARD_TRANSPORT_SOCKET is many times faster"
    )]
    public static partial void SameMachine(ILogger logger, EndPoint endPoint);

    [LoggerMessage(
        EventId = 1362,
        Level = LogLevel.Warning,
        Message = "{Device} has room for the completions of {Links} links, and {Wanted} are set"
    )]
    public static partial void FewerLinks(ILogger logger, string device, int links, int wanted);

    [LoggerMessage(
        EventId = 1363,
        Level = LogLevel.Error,
        Message = "The RDMA device {Device} has failed (asynchronous event {Event}): its links are closed"
    )]
    public static partial void DeviceFailed(ILogger logger, string device, int @event);
}
