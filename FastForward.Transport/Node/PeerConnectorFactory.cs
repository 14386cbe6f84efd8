using FastForward.Transport.Loop;
using FastForward.Transport.Session;

namespace FastForward.Transport.Node;

/// <summary>Creates the connector of each peer of a node.</summary>
internal sealed class PeerConnectorFactory(
    ForwardLoop loop,
    TransportSet transports,
    RouteAdmission admission,
    FramePump pump,
    HostNames names
) : IPeerDriverFactory
{
    public IPeerDriver Create(Peer peer) => new PeerConnector(peer, loop, transports, admission, pump, names);
}
