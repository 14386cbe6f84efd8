using FastForward.Host.Control;

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
        Task<NodeReport>[] asked = [.. running.Select(target => target.StatAsync(stop))];
        List<(int Rank, uint Node, ControlTarget Target)> suitable = [];
        List<string> others = [];
        for (int i = 0; i < asked.Length; i++)
        {
            try
            {
                NodeReport report = await asked[i].ConfigureAwait(false);
                if (report.Peers.FirstOrDefault(peer => peer.Node == node) is { } peer)
                    suitable.Add((peer.State == "connected" ? 0 : 2, report.Node, running[i]));
                else if (report.Node == node)
                    suitable.Add((1, report.Node, running[i]));
                else
                    others.Add($"node {report.Node} has no route to it");
            }
            catch (ControlFailure failure)
            {
                others.Add(failure.Message);
            }
        }

        return suitable.Count > 0
            ? suitable.MinBy(static host => (host.Rank, host.Node)).Target
            : throw new ControlFailure(
                $"no host of this machine leads to node {node}: {string.Join("; ", others)}",
                ExitCode.Unavailable
            );
    }
}
