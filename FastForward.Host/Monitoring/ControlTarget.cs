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
    public Task<NodeReport> StatAsync(CancellationToken stop) =>
        AskAsync(new ControlRequest { Command = "stat" }, static answer => answer.Stat, stop);

    /// <summary>Asks for the health.</summary>
    /// <exception cref="ControlFailure">The host cannot be asked, or refuses.</exception>
    public Task<HealthReport> HealthAsync(CancellationToken stop) =>
        AskAsync(new ControlRequest { Command = "health" }, static answer => answer.Health, stop);

    /// <summary>Has the rows of registries accepted as they are.</summary>
    /// <param name="registry">The name; null for all.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="ControlFailure">The host cannot be asked, or refuses.</exception>
    public Task<IReadOnlyList<AcceptedReport>> AcceptAsync(string? registry, CancellationToken stop) =>
        AskAsync(
            new ControlRequest { Command = "accept", Registry = registry },
            static answer => answer.Accepted,
            stop
        );

    private async Task<T> AskAsync<T>(ControlRequest request, Func<ControlAnswer, T?> member, CancellationToken stop)
        where T : class
    {
        await Task.Yield(); // the connect blocks; several hosts are asked at the same time
        using ControlClient client = Ask(request);
        ControlAnswer answer = await client.ReadAsync(s_timeout, stop).ConfigureAwait(false);
        return member(answer) ?? throw client.NotTheProtocol($"it answers no {request.Command}");
    }
}
