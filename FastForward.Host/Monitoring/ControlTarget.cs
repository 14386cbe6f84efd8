using FastForward.Host.Control;

namespace FastForward.Host.Monitoring;

/// <summary>A control socket to ask.</summary>
/// <param name="Path">Its file.</param>
/// <param name="HostUsers">The user ids that the host may have, beside the own one and 0.</param>
/// <param name="Node">The node that must answer; 0 when any may.</param>
internal sealed record ControlTarget(string Path, IReadOnlyCollection<uint> HostUsers, uint Node = 0)
{
    // Longer than the host waits for its loop, so that the host can report a loop that hangs.
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    /// <summary>Connects and asks.</summary>
    /// <exception cref="ControlFailure">No host runs there, or it may not be asked or believed.</exception>
    public ControlClient Ask(ControlRequest request) =>
        ControlClient.Ask(Path, request, hostUsers: HostUsers, node: Node);

    /// <summary>Asks for the report.</summary>
    /// <exception cref="ControlFailure">The host cannot be asked, or refuses.</exception>
    public Task<NodeReport> StatAsync(CancellationToken stop) => AskAsync("stat", static answer => answer.Stat, stop);

    /// <summary>Asks for the health.</summary>
    /// <exception cref="ControlFailure">The host cannot be asked, or refuses.</exception>
    public Task<HealthReport> HealthAsync(CancellationToken stop) =>
        AskAsync("health", static answer => answer.Health, stop);

    private async Task<T> AskAsync<T>(string command, Func<ControlAnswer, T?> member, CancellationToken stop)
        where T : class
    {
        await Task.Yield(); // the connect blocks; several hosts are asked at the same time
        using ControlClient client = Ask(new ControlRequest { Command = command });
        ControlAnswer answer = await client.ReadAsync(s_timeout, stop).ConfigureAwait(false);
        return member(answer) ?? throw client.NotTheProtocol($"it answers no {command}");
    }
}
