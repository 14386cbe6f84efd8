using System.Net;
using FastForward.Host.Demo.Chaos;
using FastForward.Transport;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Chaos;

/// <summary>Where a node of a run is, and by which rows it reaches its peers.</summary>
/// <param name="Peers">All other nodes that it talks to.</param>
/// <param name="First">The rows that come first unless it is told otherwise.</param>
/// <param name="Others">The rows behind them, all over UDP.</param>
/// <param name="Addresses">Those of its UDP port.</param>
internal sealed record ChaosPlace(
    IReadOnlyList<uint> Peers,
    IReadOnlyList<RouteRow> First,
    IReadOnlyList<RouteRow> Others,
    IReadOnlyList<IPAddress> Addresses
)
{
    public static ChaosPlace Of(ChaosArguments arguments) =>
        arguments.HasNetworks ? InNetworks(arguments)
        : arguments.Registry.Length > 0 ? OnLoopback(arguments, static (_, _) => true)
        : OnLoopback(arguments, ChaosTopology.HaveSockets);

    /// <summary>Messages to the peer take the path of its first row.</summary>
    public bool IsOnFirst(PeerStatus peer) =>
        First.Any(row =>
            row.Node == peer.Node
            && row.Transport == peer.Transport
            && (
                row.Transport != TransportKind.Ip
                || peer.PathInUse!.RemoteEndPoint is IPEndPoint to && $"{to.Address}" == row.Address
            )
        );

    private static ChaosPlace OnLoopback(ChaosArguments arguments, Func<uint, uint, bool> haveSockets)
    {
        uint[] peers = [.. ChaosTopology.PeersOf(arguments.Node)];
        return new(
            peers,
            [
                .. peers
                    .Where(peer => haveSockets(arguments.Node, peer))
                    .Select(static peer => new RouteRow(
                        peer,
                        0,
                        TransportKind.Socket,
                        "",
                        ChaosTopology.SocketPort(peer)
                    )),
            ],
            [
                .. peers.Select(peer => new RouteRow(
                    peer,
                    0,
                    TransportKind.Ip,
                    "127.0.0.1",
                    arguments.RelayPort(arguments.Node, peer)
                )),
            ],
            [.. UdpRelay.Addresses]
        );
    }

    private static ChaosPlace InNetworks(ChaosArguments arguments)
    {
        uint peer = ChaosNetworks.PeerOf(arguments.Node);
        return new([peer], [Row(0)], [Row(1)], [.. ChaosNetworks.AddressesOf(arguments.Node)]);

        RouteRow Row(int network) =>
            new(peer, 0, TransportKind.Ip, $"{ChaosNetworks.AddressesOf(peer)[network]}", arguments.PortOf(peer));
    }
}
