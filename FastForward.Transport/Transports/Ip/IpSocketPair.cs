using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Interop;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Transports.Ip;

/// <summary>Opens the one or two sockets of an <see cref="IpTransport"/> on the same port.</summary>
internal static partial class IpSocketPair
{
    private const int EphemeralAttempts = 32;

    /// <exception cref="TransportException">A socket cannot be opened or bound.</exception>
    public static IpSocket[] Open(IpTransportOptions options, IpTransportStatistics statistics, ILogger logger)
    {
        IPAddress? v4 = options.AddressOf(AddressFamily.InterNetwork);
        IPAddress? v6 = options.AddressOf(AddressFamily.InterNetworkV6);
        for (int attempt = 1; ; attempt++)
        {
            int error = 0;
            IpSocket? first = v4 is null
                ? null
                : OpenOne(v4, options.Port, optional: v6 is not null && v4.Equals(IPAddress.Any), out error);
            int port = first?.LocalEndPoint.Port ?? options.Port;
            IpSocket? second = null;
            try
            {
                second = v6 is null
                    ? null
                    : OpenOne(v6, port, optional: first is not null && v6.Equals(IPAddress.IPv6Any), out error);
            }
            catch (TransportException)
                when (error == Errno.EADDRINUSE && options.Port == 0 && first is not null && attempt < EphemeralAttempts
                )
            {
                first.Dispose(); // the port chosen for IPv4 is in use on IPv6: try another one
                continue;
            }
            catch (TransportException)
            {
                first?.Dispose();
                throw;
            }

            IpSocket[] sockets = [.. new[] { first, second }.OfType<IpSocket>()];
            if (sockets.Length == 0)
                throw Refused(v4 ?? v6!, options.Port, error);
            int granted = ReceiveBuffer.Granted(sockets[0].Descriptor);
            if (granted < options.ReceiveBufferSize)
                LogSmallBuffer(logger, granted, options.ReceiveBufferSize);
            return sockets;
        }

        IpSocket? OpenOne(IPAddress address, int port, bool optional, out int error)
        {
            IpSocket? socket = IpSocket.TryOpen(new IPEndPoint(address, port), options, statistics, out error);
            if (socket is not null)
                return socket;
            if (!optional || error is not (Errno.EAFNOSUPPORT or Errno.EADDRNOTAVAIL))
                throw Refused(address, port, error);
            string reason = LibC.Describe(error);
            LogFamilyMissing(logger, address.AddressFamily == AddressFamily.InterNetwork ? "IPv4" : "IPv6", reason);
            return null;
        }
    }

    private static TransportException Refused(IPAddress address, int port, int error)
    {
        IPEndPoint endPoint = new(address, port);
        string advice = error switch
        {
            Errno.EADDRINUSE =>
                $"{PortHolder.Describe(endPoint)}; 'ss -ulpn sport = :{port}' shows it; stop it or choose another port",
            Errno.EADDRNOTAVAIL =>
                "no interface of this machine has the address; see 'ip address', or use 0.0.0.0 or ::",
            Errno.EACCES or Errno.EPERM =>
                "ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE; choose a higher port",
            Errno.EAFNOSUPPORT => "this system has the address family switched off; leave the address out",
            Errno.EMFILE or Errno.ENFILE =>
                "the limit of open descriptors is reached; raise it (ulimit -n, LimitNOFILE)",
            _ => "see udp(7) for the error",
        };
        return new TransportException($"UDP {endPoint} cannot be opened: {LibC.Describe(error)}: {advice}.");
    }

    [LoggerMessage(
        EventId = 1201,
        Level = LogLevel.Information,
        Message = "{Family} is not available on this machine ({Error}); the transport runs without it"
    )]
    private static partial void LogFamilyMissing(ILogger logger, string family, string error);

    [LoggerMessage(
        EventId = 1202,
        Level = LogLevel.Information,
        Message = "The kernel grants a receive buffer of {Granted} bytes instead of {Wanted}; "
            + "raise net.core.rmem_max to avoid losses while the process is busy"
    )]
    private static partial void LogSmallBuffer(ILogger logger, int granted, int wanted);
}
