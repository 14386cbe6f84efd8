using System.Net;
using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Socket;

namespace FastForward.Benchmarks.Suites;

/// <summary>The media that the suites run over: those that this machine supports.</summary>
internal static class BenchmarkMedia
{
    /// <summary>
    /// The address of a node on each medium. A new transport needs an entry here and one in
    /// <see cref="RawSocketPair"/>.
    /// </summary>
    private static readonly Dictionary<TransportKind, Func<string, int, IForwardTransport>> s_transports = new()
    {
        [TransportKind.Ip] = static (_, _) =>
            new IpTransport(new IpTransportOptions { Port = 0, Addresses = [IPAddress.Loopback] }),
        [TransportKind.Socket] = static (directory, port) =>
            new SocketTransport(new SocketTransportOptions { Port = port, Directory = directory }),
    };

    private static readonly TransportKind[] s_wanted = [TransportKind.Ip, TransportKind.Socket, TransportKind.VSocket];

    /// <summary>The media that can be measured here.</summary>
    public static IEnumerable<TransportKind> Available => s_wanted.Where(static kind => Obstacle(kind) is null);

    /// <summary>Why the other media cannot be measured.</summary>
    public static IEnumerable<string> Missing =>
        s_wanted
            .Select(static kind => (kind, obstacle: Obstacle(kind)))
            .Where(static entry => entry.obstacle is not null)
            .Select(static entry => $"{entry.kind}: {entry.obstacle}");

    public static IForwardTransport Create(TransportKind kind, string directory, int port) =>
        s_transports[kind](directory, port);

    /// <summary>The route to a node over a transport; with the key of that number, unless it is 0.</summary>
    public static RouteRow Row(uint node, uint keyId, TransportKind kind, IForwardTransport transport, int port) =>
        transport is IpTransport ip
            ? new RouteRow(node, keyId, kind, "127.0.0.1", ((IPEndPoint)ip.LocalEndPoints[0]).Port)
            : new RouteRow(node, keyId, kind, "", port);

    private static string? Obstacle(TransportKind kind)
    {
        if (!s_transports.TryGetValue(kind, out Func<string, int, IForwardTransport>? create))
            return "the suites have no transport of this kind";
        using IForwardTransport transport = create(System.IO.Path.GetTempPath(), 1);
        TransportAvailability availability = transport.CheckAvailability();
        return availability.IsAvailable ? null : availability.Reason;
    }
}
