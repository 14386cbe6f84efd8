using System.Diagnostics;
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

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), out int value) ? value : otherwise;

    [Test]
    public async Task Nothing_is_lost_without_a_report_repeated_or_reordered_whatever_happens_to_processes_and_links()
    {
        int seed = Setting("FASTFORWARD_CHAOS_SEED", Environment.TickCount & int.MaxValue);
        TimeSpan duration = TimeSpan.FromSeconds(Setting("FASTFORWARD_CHAOS_SECONDS", DefaultSeconds));
        Random random = new(seed);
        string name = $"chaos for {duration.TotalSeconds} s, FASTFORWARD_CHAOS_SEED={seed}";
        await TestContext.Progress.WriteLineAsync(name);
        using ChaosWorld world = new(name, random, isCalm: false);
        world.Start();
        world.Settle("before the first fault");
        ChaosFaults faults = new(world.Slots, world.Relays, random);
        string stranger;
        using (ChaosProcess other = new(world.Arguments(0)))
        {
            Assert.That(other.Read(), Is.EqualTo("ready"));
            await Run(world, duration, faults);
            stranger = other.Ask("report");
        }

        world.AskAll("quiet");
        List<ChaosState> states = world.Settle("after the last fault");
        Ledger ledger = world.Stop();
        await TestContext.Progress.WriteLineAsync(
            $"{ledger}; {faults}; the stranger: {stranger}; at the end "
                + string.Join(", ", states.Select(static state => $"{state.Descriptors} files {state.Memory} KiB"))
        );
        CheckArrivals(world);
        CheckJoined(world);
        Assert.That(states.Sum(static state => state.Refused), Is.GreaterThan(0), $"{name}: the stranger was heard");
    }

    private static async Task Run(ChaosWorld world, TimeSpan duration, ChaosFaults faults)
    {
        Stopwatch watch = Stopwatch.StartNew();
        using PeriodicTimer beat = new(s_beat);
        TimeSpan next = faults.DrawPause();
        while (watch.Elapsed < duration && await beat.WaitForNextTickAsync())
        {
            Recover(watch.Elapsed);
            if (watch.Elapsed < next)
                continue;
            faults.Inject(watch.Elapsed);
            next = watch.Elapsed + faults.DrawPause();
        }

        while (world.Slots.Any(static slot => slot.IsBusy))
        {
            await beat.WaitForNextTickAsync();
            Recover(TimeSpan.MaxValue);
        }

        Recover(TimeSpan.MaxValue);

        void Recover(TimeSpan now)
        {
            foreach (ChaosSlot slot in world.Slots)
                slot.Recover(now);
            world.Relays.Recover(now);
        }
    }

    private static void CheckArrivals(ChaosWorld world)
    {
        HashSet<(uint, uint, MessageClass)> seen = [];
        foreach (FileJournal journal in world.Journals)
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
                Assert.That(seen, Does.Contain((from, to, MessageClass.RealTime)), world.Name);
                Assert.That(seen, Does.Contain((from, to, MessageClass.Reliable)), world.Name);
            }
        }
    }

    private static void CheckJoined(ChaosWorld world)
    {
        List<(uint Node, ulong Incarnation)> met = [];
        HashSet<(uint, ulong)> real = [];
        foreach (FileJournal journal in world.Journals)
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

        Assert.That(met, Is.Not.Empty, world.Name);
        Assert.That(met.Where(one => !real.Contains(one)), Is.Empty, $"{world.Name}: a stranger was taken for a node");
    }
}
