using FastForward.Host.Demo;
using FastForward.Tests.Registry.Tarantool;

namespace FastForward.Tests.Chaos;

/// <summary>
/// The nodes of <see cref="ChaosTopology"/>, which reach each other over UDP, and by UNIX sockets as long as a registry
/// says so.
/// </summary>
internal sealed class RegistryWorld : ChaosProcesses
{
    private readonly RegistryServer _registry;
    private readonly ChaosRelays _relays;
    private readonly int[] _ports = FreePorts.Find(ChaosTopology.PortCount);

    public RegistryWorld(string name, Random random, RegistryServer registry)
        : base(name, random, isCalm: true)
    {
        _registry = registry;
        _relays = new ChaosRelays(Arguments(0));
        Slots = [.. ChaosTopology.Nodes.Select(node => new ChaosSlot(node, Arguments))];
    }

    public override IReadOnlyList<ChaosSlot> Slots { get; }

    protected override IReadOnlyList<int> Ports => _ports;

    protected override string Registry => _registry.Address;

    private static IEnumerable<string> Rows =>
        ChaosTopology.Nodes.Select(static node =>
            $"box.space.OverriddenNodes:replace({{ {node}, 0, FORWARD_TRANSPORT_SOCKET, '', "
            + $"{ChaosTopology.SocketPort(node)} }})"
        );

    /// <summary>Types the lines that move the traffic to sockets, and waits until it has moved.</summary>
    public async Task MoveToSocketsAsync(string when)
    {
        foreach (string row in Rows)
            await _registry.EvalAsync(row);
        int all = ChaosTopology.Nodes.Count - 1;
        Wait($"{when}: traffic over sockets", (_, state) => state.OnFirst == all);
    }

    /// <summary>Deletes the rows, and waits until the traffic is back.</summary>
    public async Task MoveBackAsync(string when)
    {
        foreach (uint node in ChaosTopology.Nodes)
            await _registry.EvalAsync($"box.space.OverriddenNodes:delete({node})");
        Wait($"{when}: traffic over UDP", static (_, state) => state.OnFirst == 0);
    }

    public override void Dispose()
    {
        base.Dispose();
        _relays.Dispose();
    }
}
