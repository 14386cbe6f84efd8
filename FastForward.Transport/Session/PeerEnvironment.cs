using FastForward.Transport.Session.Keys;

namespace FastForward.Transport.Session;

/// <summary>What all peers of a node share. Most peers of a large registry are absent, and refer to little.</summary>
/// <param name="Options">Settings.</param>
/// <param name="Events">Receives messages and events.</param>
/// <param name="Total">The counters of the local node, over all peers.</param>
/// <param name="Memory">Pools of messages and buffers.</param>
/// <param name="Random">The source of random numbers.</param>
/// <param name="Keys">The keys of this node.</param>
/// <param name="Drivers">Creates the owner of each peer.</param>
internal sealed record PeerEnvironment(
    SessionOptions Options,
    ISessionEvents Events,
    NodeStatistics Total,
    MessageMemory Memory,
    SessionRandom Random,
    IKeySource Keys,
    IPeerDriverFactory Drivers
);
