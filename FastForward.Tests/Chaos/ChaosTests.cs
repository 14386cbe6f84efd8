using System.Diagnostics;
using FastForward.Host.Demo;
using FastForward.Tests.Traffic;
using FastForward.Transport;

namespace FastForward.Tests.Chaos;

/// <summary>
/// Real processes on real links under faults drawn from a seed, with the workload and the checker of the simulator
/// (docs/architecture.md, "Chaos").
/// </summary>
[TestFixture]
[Category("Chaos")]
public sealed class ChaosTests
{
    private const int DefaultSeconds = 20;
    private static readonly TimeSpan s_beat = TimeSpan.FromMilliseconds(10);

    private readonly List<ChaosSlot> _slots = [];
    private readonly List<FileJournal> _journals = [];
    private int _processes;

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), out int value) ? value : otherwise;

    [TearDown]
    public void End()
    {
        foreach (ChaosSlot slot in _slots)
            slot.Dispose();
        foreach (FileJournal journal in _journals)
            journal.Dispose();
    }

    [Test]
    public async Task Nothing_is_lost_without_a_report_repeated_or_reordered_whatever_happens_to_processes_and_links()
    {
        int seed = Setting("FASTFORWARD_CHAOS_SEED", Environment.TickCount & int.MaxValue);
        TimeSpan duration = TimeSpan.FromSeconds(Setting("FASTFORWARD_CHAOS_SECONDS", DefaultSeconds));
        string world = $"chaos for {duration.TotalSeconds} s, FASTFORWARD_CHAOS_SEED={seed}";
        await TestContext.Progress.WriteLineAsync(world);
        using TemporaryDirectory directory = new();
        Random random = new(seed);
        int[] ports = FreePorts.Find(ChaosTopology.Nodes.Count);
        Directory.CreateDirectory(Arguments(0).Sockets);
        foreach (uint node in ChaosTopology.Nodes)
            _slots.Add(new ChaosSlot(node, Arguments));
        foreach (ChaosSlot slot in _slots)
            slot.Start();
        Settle("before the first fault");
        ChaosFaults faults = new(_slots, random);
        string stranger;
        using (ChaosProcess other = new(Arguments(0)))
        {
            Assert.That(other.Read(), Is.EqualTo("ready"));
            await Run(duration, faults);
            stranger = other.Ask("report");
        }

        foreach (ChaosSlot slot in _slots)
            AskAll(slot, "quiet");
        List<ChaosState> states = Settle("after the last fault");
        foreach (ChaosSlot slot in _slots)
        {
            slot.Terminate();
            slot.StopInOrder();
        }

        _journals.AddRange(_slots.SelectMany(static slot => slot.Open()));
        Ledger ledger = Ledger.Check(world, _journals);
        await TestContext.Progress.WriteLineAsync(
            $"{ledger}; {faults}; the stranger: {stranger}; at the end "
                + string.Join(", ", states.Select(static state => $"{state.Descriptors} files {state.Memory} KiB"))
        );
        CheckArrivals(world);
        CheckJoined(world);
        Assert.That(states.Sum(static state => state.Refused), Is.GreaterThan(0), $"{world}: the stranger was heard");

        ChaosArguments Arguments(uint node) => new(directory.Path, _processes++, node, random.Next(), ports);
    }

    private async Task Run(TimeSpan duration, ChaosFaults faults)
    {
        Stopwatch watch = Stopwatch.StartNew();
        using PeriodicTimer beat = new(s_beat);
        TimeSpan next = faults.DrawPause();
        while (watch.Elapsed < duration && await beat.WaitForNextTickAsync())
        {
            foreach (ChaosSlot slot in _slots)
                slot.Recover(watch.Elapsed);
            if (watch.Elapsed < next)
                continue;
            faults.Inject(watch.Elapsed);
            next = watch.Elapsed + faults.DrawPause();
        }

        while (_slots.Exists(static slot => slot.IsBusy))
        {
            await beat.WaitForNextTickAsync();
            foreach (ChaosSlot slot in _slots)
                slot.Recover(TimeSpan.MaxValue);
        }
    }

    // The answers to "cut" come first.
    private static void AskAll(ChaosSlot slot, string command)
    {
        string answer = slot.Process.Ask(command);
        while (answer != command)
            answer = slot.Process.Read();
    }

    /// <summary>All are connected by one link each, and every descriptor of a link that ended is closed.</summary>
    private List<ChaosState> Settle(string when)
    {
        List<ChaosState> states = [];
        Eventually.True(
            () =>
            {
                states = [.. _slots.Select(static slot => ChaosState.Parse(slot.Process.Ask("state")))];
                return _slots.Zip(states).All(static pair => IsSettled(pair.First.Node, pair.Second));
            },
            () => $"{when}: connected, all acknowledged, one link for each peer: {string.Join("; ", states)}"
        );
        return states;

        static bool IsSettled(uint node, ChaosState state) =>
            state.Connected == ChaosTopology.PeersOf(node).Count()
            && state.Unacknowledged == 0
            && state.Links == ChaosTopology.SocketPeers(node);
    }

    private void CheckArrivals(string world)
    {
        HashSet<(uint, uint, MessageClass)> seen = [];
        foreach (FileJournal journal in _journals)
        {
            for (int i = 0; i < journal.Count; i++)
            {
                if (journal[i].Kind == EntryKind.Received)
                    seen.Add((journal[i].Node, journal.Node, journal[i].Class));
            }
        }

        foreach (uint to in ChaosTopology.Nodes)
        {
            foreach (uint from in ChaosTopology.PeersOf(to))
            {
                Assert.That(seen, Does.Contain((from, to, MessageClass.RealTime)), world);
                if (ChaosTopology.Between(from, to) == TransportKind.Socket)
                    Assert.That(seen, Does.Contain((from, to, MessageClass.Reliable)), world);
            }
        }
    }

    private void CheckJoined(string world)
    {
        List<(uint Node, ulong Incarnation)> met = [];
        HashSet<(uint, ulong)> real = [];
        foreach (FileJournal journal in _journals)
        {
            for (int i = 0; i < journal.Count; i++)
            {
                JournalEntry entry = journal[i];
                if (entry.Kind != EntryKind.Met)
                    continue;
                if (entry.Node == journal.Node)
                    real.Add((entry.Node, entry.Number));
                else
                    met.Add((entry.Node, entry.Number));
            }
        }

        Assert.That(met, Is.Not.Empty, world);
        Assert.That(met.Where(one => !real.Contains(one)), Is.Empty, $"{world}: a stranger was taken for a node");
    }
}
