using FastForward.Transport.Loop;
using FastForward.Transport.Session;

namespace FastForward.Transport.Node;

/// <summary>Gives each peer of a node its connector.</summary>
internal sealed class PeerConnectorFactory(ForwardLoop loop, TransportSet transports, FramePump pump)
    : IPeerDriverFactory
{
    public IPeerDriver Create(Peer peer) => new PeerConnector(peer, loop, transports, pump);
}
