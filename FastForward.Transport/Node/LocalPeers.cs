using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Addressing;
using FastForward.Transport.Registry;

namespace FastForward.Transport.Node;

/// <summary>
/// Peers of this host that are reached through their socket file without a row that says so
/// (<see cref="ForwardNodeOptions.DiscoverLocalPeers"/>). Whether they let this node in is theirs to decide.
/// </summary>
/// <param name="own">The addresses of this host.</param>
/// <param name="socketDirectory">Where the nodes of this host have their socket files.</param>
internal sealed class LocalPeers(OwnAddresses own, string socketDirectory)
{
    /// <summary>
    /// The socket of a peer, when a candidate leads to an address of this host and the file is there now; null when
    /// there is none.
    /// </summary>
    public PathCandidate? Find(IReadOnlyList<PathCandidate> candidates)
    {
        foreach (PathCandidate candidate in candidates)
        {
            if (
                candidate.Kind != TransportKind.Ip
                || candidate.Remote is not IPEndPoint ip
                || !own.Contains(ip.Address)
            )
                continue;
            RouteRow row = candidate.Route.Row with { Transport = TransportKind.Socket, Address = "" };
            string path = SocketAddressText.PathOf(socketDirectory, row.Port);
            if (!File.Exists(path))
                continue;
            UnixDomainSocketEndPoint endPoint = new(path);
            return new PathCandidate(
                new Route(row, endPoint, RouteTable.Configuration),
                endPoint,
                null,
                candidate.KeyId
            );
        }

        return null;
    }
}
