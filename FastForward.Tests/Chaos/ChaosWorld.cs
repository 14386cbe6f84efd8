using FastForward.Host.Demo;

namespace FastForward.Tests.Chaos;

/// <summary>The nodes of <see cref="ChaosTopology"/> and the relays between them.</summary>
internal sealed class ChaosWorld : ChaosProcesses
{
    private readonly int[] _ports = FreePorts.Find(ChaosTopology.PortCount);

    public ChaosWorld(string name, Random random, bool isCalm)
        : base(name, random, isCalm)
    {
        Relays = new ChaosRelays(Arguments(0));
        Slots = [.. ChaosTopology.Nodes.Select(node => new ChaosSlot(node, Arguments))];
    }

    public override IReadOnlyList<ChaosSlot> Slots { get; }

    public ChaosRelays Relays { get; }

    protected override IReadOnlyList<int> Ports => _ports;

    /// <summary>All are connected by one link each, and every descriptor of a link that ended is closed.</summary>
    public List<ChaosState> Settle(string when) =>
        Wait(
            $"{when}: connected, all acknowledged, one link for each peer",
            static (node, state) =>
                state.Connected == ChaosTopology.PeersOf(node).Count()
                && state.Unacknowledged == 0
                && state.Links == ChaosTopology.SocketPeers(node)
        );

    public override void Dispose()
    {
        base.Dispose();
        Relays.Dispose();
    }
}
