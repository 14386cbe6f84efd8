namespace FastForward.Tests.Chaos;

/// <summary>The nodes of <see cref="ChaosNetworks"/>, each in its namespace.</summary>
internal sealed class NetworkWorld : ChaosProcesses
{
    public NetworkWorld(string name, Random random)
        : base(name, random, isCalm: true)
    {
        Slots = [.. ChaosNetworks.Nodes.Select(node => new ChaosSlot(node, Arguments, Networks.Of(node)))];
    }

    public ChaosNetworks Networks { get; } = new();

    public override IReadOnlyList<ChaosSlot> Slots { get; }

    // All ports of a namespace are free.
    protected override IReadOnlyList<int> Ports { get; } = [54011, 54012];

    protected override bool HasNetworks => true;

    public int PortOf(uint node) => Ports[ChaosTopology.IndexOf(node)];

    public override void Dispose()
    {
        base.Dispose();
        Networks.Dispose();
    }
}
