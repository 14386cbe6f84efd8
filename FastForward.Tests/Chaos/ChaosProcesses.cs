using FastForward.Tests.Traffic;

namespace FastForward.Tests.Chaos;

/// <summary>The processes of a chaos run, what they are asked, and the check of what they wrote.</summary>
internal abstract class ChaosProcesses(string name, Random random, bool isCalm) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<FileJournal> _journals = [];
    private int _processes;

    public string Name => name;

    /// <summary>One for each node.</summary>
    public abstract IReadOnlyList<ChaosSlot> Slots { get; }

    public IReadOnlyList<FileJournal> Journals => _journals;

    /// <summary>The UDP ports, see <see cref="ChaosArguments"/>.</summary>
    protected abstract IReadOnlyList<int> Ports { get; }

    protected virtual bool HasNetworks => false;

    protected virtual string Registry => "";

    /// <summary>What the next process is told; node 0 is the stranger.</summary>
    public ChaosArguments Arguments(uint node) =>
        new(_directory.Path, _processes++, node, random.Next(), Ports, isCalm, HasNetworks, Registry);

    public void Start()
    {
        Directory.CreateDirectory(Arguments(0).Sockets);
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

    public virtual void Dispose()
    {
        foreach (ChaosSlot slot in Slots)
            slot.Dispose();
        foreach (FileJournal journal in _journals)
            journal.Dispose();
        _directory.Dispose();
    }
}
