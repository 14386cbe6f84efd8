using FastForward.Host.Demo;
using FastForward.Tests.Traffic;

namespace FastForward.Tests.Chaos;

/// <summary>The processes of a chaos run and what is between them.</summary>
internal sealed class ChaosWorld : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<FileJournal> _journals = [];
    private readonly int[] _ports = FreePorts.Find(ChaosTopology.PortCount);
    private readonly Random _random;
    private readonly bool _isCalm;
    private int _processes;

    public ChaosWorld(string name, Random random, bool isCalm)
    {
        Name = name;
        _random = random;
        _isCalm = isCalm;
        Relays = new ChaosRelays(Arguments(0));
        Directory.CreateDirectory(Arguments(0).Sockets);
        Slots = [.. ChaosTopology.Nodes.Select(node => new ChaosSlot(node, Arguments))];
    }

    public string Name { get; }

    public IReadOnlyList<ChaosSlot> Slots { get; }

    public ChaosRelays Relays { get; }

    public IReadOnlyList<FileJournal> Journals => _journals;

    /// <summary>What the next process is told; node 0 is the stranger.</summary>
    public ChaosArguments Arguments(uint node) =>
        new(_directory.Path, _processes++, node, _random.Next(), _ports, _isCalm);

    public void Start()
    {
        foreach (ChaosSlot slot in Slots)
            slot.Start();
    }

    /// <summary>Has each process answer a command by its name.</summary>
    public void AskAll(string command)
    {
        // Answers to "cut" and "flip" come first.
        foreach (ChaosSlot slot in Slots)
        {
            string answer = slot.Process.Ask(command);
            while (answer != command)
                answer = slot.Process.Read();
        }
    }

    /// <summary>Waits until all processes are in a state.</summary>
    public List<ChaosState> Wait(string what, Func<uint, ChaosState, bool> isThere)
    {
        List<ChaosState> states = [];
        Eventually.True(
            () =>
            {
                states = [.. Slots.Select(static slot => ChaosState.Parse(slot.Process.Ask("state")))];
                return Slots.Zip(states).All(pair => isThere(pair.First.Node, pair.Second));
            },
            () => $"{Name}: {what}: {string.Join("; ", states)}"
        );
        return states;
    }

    /// <summary>All are connected by one link each, and every descriptor of a link that ended is closed.</summary>
    public List<ChaosState> Settle(string when) =>
        Wait(
            $"{when}: connected, all acknowledged, one link for each peer",
            static (node, state) =>
                state.Connected == ChaosTopology.PeersOf(node).Count()
                && state.Unacknowledged == 0
                && state.Links == ChaosTopology.SocketPeers(node)
        );

    /// <summary>Stops all processes in order, and checks what they wrote.</summary>
    public Ledger Stop()
    {
        foreach (ChaosSlot slot in Slots)
        {
            slot.Terminate();
            slot.StopInOrder();
        }

        _journals.AddRange(Slots.SelectMany(static slot => slot.Open()));
        return Ledger.Check(Name, _journals);
    }

    public void Dispose()
    {
        foreach (ChaosSlot slot in Slots)
            slot.Dispose();
        Relays.Dispose();
        foreach (FileJournal journal in _journals)
            journal.Dispose();
        _directory.Dispose();
    }
}
