using FastForward.Transport.Session;

namespace FastForward.Transport.Node;

/// <summary>Creates the connector of each peer of a node.</summary>
internal sealed class PeerConnectorFactory(ConnectorEnvironment environment) : IPeerDriverFactory
{
    public IPeerDriver Create(Peer peer) => new PeerConnector(peer, environment);
}
