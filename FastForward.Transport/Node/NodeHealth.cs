using System.Globalization;
using FastForward.Transport.Transports;

namespace FastForward.Transport;

/// <summary>The health of a node.</summary>
public enum NodeHealthStatus
{
    /// <summary>
    /// The loop runs, a transport is running and every configured peer is connected. A transport that this machine does
    /// not support is not a fault by itself; a peer that can only be reached over it is reported as not connected.
    /// </summary>
    Healthy,

    /// <summary>
    /// The node works, but a configured peer is not connected, or is reached over a transport other than its preferred
    /// route.
    /// </summary>
    Degraded,

    /// <summary>
    /// The node transfers no messages: its loop does not run, it is not started or is stopping, or no transport runs.
    /// </summary>
    Unhealthy,
}

/// <summary>The health of one node, for health checks and operators.</summary>
public sealed class NodeHealth
{
    private NodeHealth(NodeHealthStatus status, IReadOnlyList<string> problems, IReadOnlyList<uint> absentPeers)
    {
        Status = status;
        Problems = problems;
        AbsentPeers = absentPeers;
    }

    /// <summary>The overall status.</summary>
    public NodeHealthStatus Status { get; }

    /// <summary>Readable descriptions of every problem; empty when healthy.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>The configured peers that are not connected, ordered by id.</summary>
    public IReadOnlyList<uint> AbsentPeers { get; }

    /// <summary>One line: the status, and the problems when there are any.</summary>
    public override string ToString() =>
        Problems.Count == 0 ? Status.ToString() : $"{Status}: {string.Join("; ", Problems)}";

    internal static NodeHealth Of(
        bool isStarted,
        bool isStopping,
        IReadOnlyDictionary<TransportKind, TransportAvailability> transports,
        IReadOnlyList<PeerStatus> peers
    )
    {
        if (!isStarted)
            return Unhealthy("the node is not started");
        if (isStopping)
            return Unhealthy("the node is stopping or has stopped");
        List<string> problems = [];
        bool isCutOff = transports.Count > 0 && transports.Values.All(static availability => !availability.IsAvailable);
        if (isCutOff)
        {
            foreach (
                (TransportKind kind, TransportAvailability availability) in transports.OrderBy(static pair => pair.Key)
            )
                problems.Add($"transport {kind} does not run: {availability.Reason}");
        }

        PeerStatus[] absent =
        [
            .. peers.Where(static peer => peer.State != PeerState.Connected).OrderBy(static peer => peer.Node),
        ];
        problems.AddRange(absent.Select(Describe));
        problems.AddRange(
            peers
                .Where(static peer => peer is { State: PeerState.Connected, Reason: not null })
                .OrderBy(static peer => peer.Node)
                .Select(static peer => $"node {peer.Node} is {peer.Reason}")
        );
        return new NodeHealth(
            isCutOff ? NodeHealthStatus.Unhealthy
                : problems.Count > 0 ? NodeHealthStatus.Degraded
                : NodeHealthStatus.Healthy,
            problems,
            [.. absent.Select(static peer => peer.Node)]
        );
    }

    internal static NodeHealth LoopSilent(TimeSpan limit) =>
        Unhealthy(
            string.Create(
                CultureInfo.InvariantCulture,
                $"the loop finished no duty cycle within {limit.TotalSeconds:0.###} s: "
                    + $"it has ended, or is blocked in a callback"
            )
        );

    private static NodeHealth Unhealthy(string problem) => new(NodeHealthStatus.Unhealthy, [problem], []);

    private static string Describe(PeerStatus peer) =>
        peer switch
        {
            { Incarnation: 0 } => $"node {peer.Node} is configured but was never heard from: {peer.Reason}",
            { State: PeerState.Suspect } => $"node {peer.Node} is silent: {peer.Reason}",
            _ => $"node {peer.Node} is no longer connected: {peer.Reason}",
        };
}
