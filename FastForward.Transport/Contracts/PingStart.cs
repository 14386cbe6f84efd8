namespace FastForward.Transport;

/// <summary>Whether probes were sent.</summary>
public enum PingStatus
{
    /// <summary>They were: the callback is called once for each.</summary>
    Started,

    /// <summary>No route leads to the node.</summary>
    UnknownNode,

    /// <summary>There is no path to the node; <see cref="PeerStatus.Reason"/> says why.</summary>
    NotConnected,

    /// <summary>256 probes to the node are outstanding already.</summary>
    TooManyOutstanding,

    /// <summary>The node is stopping.</summary>
    Stopping,
}

/// <summary>The answer of <see cref="ForwardNode.Ping"/>.</summary>
/// <param name="Status">Whether probes were sent, or why not.</param>
/// <param name="Paths">The number of probes: one for each path to the peer; 0 unless started.</param>
public readonly record struct PingStart(PingStatus Status, int Paths);
