namespace FastForward.Host.Monitoring;

/// <summary>Selects the host that asks another node: one that has a route to it.</summary>
internal static class PingSource
{
    /// <summary>
    /// The host to ask. Among several with a route: one that is connected to the node, then the node itself, then the
    /// one with the lowest id.
    /// </summary>
    /// <exception cref="ControlFailure">None of several hosts has a route, or can be asked.</exception>
    public static async Task<ControlTarget> FindAsync(
        IReadOnlyList<ControlTarget> running,
        uint node,
        CancellationToken stop
    )
    {
        if (running.Count == 1)
            return running[0];
        List<(int Rank, uint Node, ControlTarget Target)> suitable = [];
        List<string> others = [];
        foreach (HostReading reading in await HostReading.TakeAllAsync(running, stop).ConfigureAwait(false))
        {
            if (reading.Report is not { } report)
                others.Add(reading.Failure!.Message);
            else if (report.Peers.FirstOrDefault(peer => peer.Node == node) is { } peer)
                suitable.Add((peer.State == "connected" ? 0 : 2, report.Node, reading.Target));
            else if (report.Node == node)
                suitable.Add((1, report.Node, reading.Target));
            else
                others.Add($"node {report.Node} has no route to it");
        }

        return suitable.Count > 0
            ? suitable.MinBy(static host => (host.Rank, host.Node)).Target
            : throw new ControlFailure(
                $"no host of this machine leads to node {node}: {string.Join("; ", others)}",
                ExitCode.Unavailable
            );
    }
}
