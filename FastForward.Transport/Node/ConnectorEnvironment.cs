using FastForward.Transport.Loop;

namespace FastForward.Transport.Node;

/// <summary>What the connectors of all peers of a node share.</summary>
internal sealed record ConnectorEnvironment(
    ForwardLoop Loop,
    ForwardNodeOptions Options,
    TransportSet Transports,
    RouteAdmission Admission,
    FramePump Pump,
    HostNames Names,
    LocalPeers LocalPeers
);
