using System.Net;

namespace FastForward.Transport.Addressing;

/// <summary>End points whose host is a name: its addresses are looked up at each attempt to connect.</summary>
internal static class NamedEndPoint
{
    /// <summary>The host name of an end point; null when it has none.</summary>
    public static string? NameOf(EndPoint? endPoint) =>
        endPoint switch
        {
            DnsEndPoint dns => dns.Host,
            RdmaEndPoint rdma => rdma.HostName,
            _ => null,
        };

    /// <summary>The port of an end point with a name.</summary>
    public static int PortOf(EndPoint named) => named is RdmaEndPoint rdma ? rdma.Port : ((DnsEndPoint)named).Port;

    /// <summary>The end point at one of the addresses of its name.</summary>
    public static EndPoint At(EndPoint named, IPAddress address) =>
        named is RdmaEndPoint rdma
            ? new RdmaEndPoint(address.ToString(), rdma.Port)
            : new IPEndPoint(address, ((DnsEndPoint)named).Port);
}
