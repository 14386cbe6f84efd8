using System.Globalization;
using System.Text.Json;
using FastForward.Host.Instances;
using FastForward.Transport;
using FastForward.Transport.Actors;
using FastForward.Transport.Addressing;
using FastForward.Transport.DependencyInjection;
using FastForward.Transport.Registry;

namespace FastForward.Host.Demo.Chaos;

/// <summary>
/// What happens to the paths of a node from within: lines of its parent change its routes ("prefer IP", "prefer
/// SOCKET") and cut its connections ("cut"); "window" asks what became of the delivery.
/// </summary>
internal sealed class ChaosActor(uint peer, StaticRouteSource preferred, RouteRow ip, DeliveryWatch watch) : IActor
{
    /// <summary>The line that has the connections of UNIX sockets cut.</summary>
    public const string Cut = "cut";

    /// <summary>The line that makes UDP the first route.</summary>
    public const string PreferIp = "prefer IP";

    /// <summary>The line that makes the socket the first route.</summary>
    public const string PreferSocket = "prefer SOCKET";

    private ActorContext? _context;

    /// <inheritdoc/>
    public string Name => "demo chaos";

    /// <summary>Adds it, and the other ways to the peer, to a node whose file leads to the peer's socket.</summary>
    public static ChaosActor Add(
        ForwardBuilder node,
        InstanceSettings settings,
        uint peer,
        int relay,
        DeliveryWatch watch
    )
    {
        RouteRow ip = new(peer, 0, TransportKind.Ip, UdpRelay.Addresses[0].ToString(), relay);
        StaticRouteSource preferred = new([], RouteTable.OverriddenNodes, "first route of the demo");
        StaticRouteSource behind = new([ip], RouteTable.Configuration, "UDP route of the demo");
        node.AddRouteSource(_ => preferred);
        node.AddRouteSource(_ => behind);
        if (settings.Transports.Contains(TransportKind.VSocket))
        {
            string cid = VSocketEndPoint.LocalCid.ToString(CultureInfo.InvariantCulture);
            RouteRow vSocket = new(peer, 0, TransportKind.VSocket, cid, settings.Nodes[0].Port);
            StaticRouteSource last = new([vSocket], RouteTable.Configuration, "vSocket route of the demo");
            node.AddRouteSource(_ => last);
        }

        ChaosActor actor = new(peer, preferred, ip, watch);
        node.AddActor(_ => actor);
        return actor;
    }

    /// <inheritdoc/>
    public void OnStart(ActorContext context) => _context = context;

    /// <inheritdoc/>
    public void OnPeer(in PeerEvent change)
    {
        if (change.Node == peer)
            watch.Moved(_context!.Node.GetPeer(peer));
    }

    /// <summary>A line of the parent, on the thread that reads them.</summary>
    public void OnCommand(string line)
    {
        switch (line)
        {
            case PreferIp:
                preferred.Replace([ip]);
                break;
            case PreferSocket:
                preferred.Replace([]);
                break;
            case Cut:
                SocketConnections.Cut();
                break;
            case "window":
                _context!.Loop.Post(Report);
                break;
        }
    }

    private void Report()
    {
        DeliveryWindow window = watch.Take(_context!.Node.GetPeer(peer), _context.Loop.Now);
        Console.Out.WriteLine("window " + JsonSerializer.Serialize(window, DemoJson.Default.DeliveryWindow));
    }
}
