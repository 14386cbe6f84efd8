using System.Net;
using FastForward.Transport.Addressing;

namespace FastForward.Transport.Registry;

/// <summary>From a row to an end point, by the rules of the row's medium.</summary>
internal static class RouteAddress
{
    /// <summary>Makes the end point of a row. Never throws, whatever the row.</summary>
    /// <param name="row">The row as written.</param>
    /// <param name="socketDirectory">See <see cref="RouteOptions.SocketDirectory"/>.</param>
    /// <param name="endPoint">The end point; null when there is a problem.</param>
    /// <param name="problem">The field, what is wrong with it, and a right example; null when there is none.</param>
    public static bool TryParse(in RouteRow row, string socketDirectory, out EndPoint? endPoint, out string? problem)
    {
        if (row.Node == 0)
        {
            endPoint = null;
            problem = "node id 0 is no node; write for example 250012";
            return false;
        }

        switch (row.Transport)
        {
            case TransportKind.Ip:
                return IpAddressText.TryParse(row.Address, row.Port, out endPoint, out problem);
            case TransportKind.Rdma:
                return RdmaEndPoint.TryParse(row.Address, row.Port, out endPoint, out problem);
            case TransportKind.Socket:
                return SocketAddressText.TryParse(row.Address, row.Port, socketDirectory, out endPoint, out problem);
            case TransportKind.VSocket:
                return VSocketEndPoint.TryParse(row.Address, row.Port, out endPoint, out problem);
            default:
                endPoint = null;
                IEnumerable<string> names = Enum.GetValues<TransportKind>().Select(TransportTypeMap.NameOf);
                problem = $"transport type {(int)row.Transport} is unknown; write {string.Join(", ", names)}";
                return false;
        }
    }

    /// <summary>
    /// True when frames to the end point may cross a network that others can tap: IP and RDMA, unless it is surely the
    /// loopback. What a name resolves to is not known here, so of the names only <c>localhost</c> counts as local.
    /// </summary>
    public static bool NeedsKey(EndPoint endPoint) =>
        endPoint switch
        {
            IPEndPoint ip => !IPAddress.IsLoopback(ip.Address),
            DnsEndPoint name => !IsLocal(name.Host),
            RdmaEndPoint { Host: { } host } => !IsLocal(host),
            RdmaEndPoint => true,
            LinkLocalEndPoint => true,
            _ => false,
        };

    private static bool IsLocal(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));
}
