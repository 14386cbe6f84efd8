namespace FastForward.Transport;

/// <summary>Whether probes are on their way.</summary>
public enum PingStatus
{
    /// <summary>They are: the callback comes once for each.</summary>
    Started,

    /// <summary>No route leads to the node.</summary>
    UnknownNode,

    /// <summary>There is no path to the node; <see cref="PeerStatus.Reason"/> says why.</summary>
    NotConnected,

    /// <summary>256 probes are under way to the node already.</summary>
    TooManyOutstanding,

    /// <summary>The node stops.</summary>
    Stopping,
}

/// <summary>The answer of <see cref="ForwardNode.Ping"/>.</summary>
/// <param name="Status">Whether probes are on their way, or why not.</param>
/// <param name="Paths">How many: one for each path to the peer; 0 unless started.</param>
public readonly record struct PingStart(PingStatus Status, int Paths);
