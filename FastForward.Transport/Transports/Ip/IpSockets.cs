using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Interop;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Transports.Ip;

/// <summary>Opens the sockets of an <see cref="IpTransport"/>, one for each address, on the same port.</summary>
internal static partial class IpSockets
{
    private const int EphemeralAttempts = 32;

    /// <exception cref="TransportException">A socket cannot be opened or bound.</exception>
    public static IpSocket[] Open(IpTransportOptions options, IpTransportStatistics statistics, ILogger logger)
    {
        List<IpSocket> sockets = [];
        for (int attempt = 1; ; attempt++)
        {
            int error = 0;
            try
            {
                foreach (IPAddress address in options.Addresses)
                {
                    int port = sockets.Count > 0 ? sockets[0].LocalEndPoint.Port : options.Port;
                    if (OpenOne(address, port, out error) is { } socket)
                        sockets.Add(socket);
                }

                if (sockets.Count == 0)
                    throw Refused(options.Addresses[0], options.Port, error);
            }
            catch (TransportException)
            {
                bool hasPort = sockets.Count > 0;
                sockets.ForEach(static socket => socket.Dispose());
                sockets.Clear();
                // The port chosen for the first address is in use at another one: another one is tried.
                if (error == Errno.EADDRINUSE && options.Port == 0 && hasPort && attempt < EphemeralAttempts)
                    continue;
                throw;
            }

            int granted = ReceiveBuffer.Granted(sockets[0].Descriptor);
            if (granted < options.ReceiveBufferSize)
                LogSmallBuffer(logger, granted, options.ReceiveBufferSize);
            return [.. sockets];
        }

        IpSocket? OpenOne(IPAddress address, int port, out int error)
        {
            IpSocket? socket = IpSocket.TryOpen(new IPEndPoint(address, port), options, statistics, out error);
            if (socket is not null)
                return socket;
            // All addresses of a family that this machine does not have are none.
            bool isOptional =
                IpAddresses.IsAny(address)
                && options.Addresses.Any(other => other.AddressFamily != address.AddressFamily);
            if (!isOptional || error is not (Errno.EAFNOSUPPORT or Errno.EADDRNOTAVAIL))
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
