using FastForward.Tests.Host.Processes;
using FastForward.Tests.Traffic;

namespace FastForward.Tests.Chaos;

/// <summary>Real processes with several paths between them, one fault after the other.</summary>
[TestFixture]
[Category("Chaos")]
public sealed class ChaosPathTests
{
    // So long real-time messages go over the former path as well, and a silent path would cost nothing.
    private static readonly TimeSpan s_formerPath = TimeSpan.FromMilliseconds(1200);

    [Test]
    public async Task Traffic_moves_between_UDP_and_sockets_and_nothing_is_lost_late_repeated_or_reordered()
    {
        const int Moves = 100; // each way
        using ChaosWorld world = Start("route flips");
        for (int i = 0; i < Moves; i++)
        {
            world.AskAll("IP first");
            world.Wait($"move {i} to UDP", static (_, state) => state.OnFirst == 0);
            world.AskAll("sockets first");
            world.Wait(
                $"move {i} to sockets",
                static (node, state) => state.OnFirst == ChaosTopology.SocketPeers(node)
            );
        }

        world.AskAll("quiet");
        List<ChaosState> states = world.Settle("after the last move");
        Eventually.True(
            () => Total(static state => state.Sent) == Total(static state => state.Received),
            () => $"all messages arrive: {string.Join("; ", states)}"
        );
        Ledger ledger = world.Stop();
        await TestContext.Progress.WriteLineAsync($"{Moves} moves each way: {ledger}");
        Assert.That(ledger.Delivered, Is.EqualTo(ledger.Accepted), "nothing is lost, in real time neither");
        Assert.That(states.Sum(static state => state.Late), Is.Zero, "late");

        long Total(Func<ChaosState, long> count)
        {
            states = world.Wait("an answer", static (_, _) => true);
            return states.Sum(count);
        }
    }

    [Test]
    public async Task Whatever_happens_to_a_path_or_a_process_no_reliable_message_is_lost_without_a_report()
    {
        int rounds = int.TryParse(Environment.GetEnvironmentVariable("FASTFORWARD_CHAOS_SECONDS"), out int seconds)
            ? Math.Max(1, seconds / 20)
            : 1;
        using ChaosWorld world = Start("faults of paths");
        ChaosSlot victim = world.Slots[0];
        SortedDictionary<string, List<long>> pauses = [];
        for (int i = 0; i < rounds; i++)
        {
            await Watch("nothing", static () => Task.CompletedTask);
            await Watch("links cut", Cut);
            await Watch(
                "socket files removed, links cut",
                () =>
                {
                    victim.RemoveFiles();
                    return Cut();
                }
            );
            await Watch("routes flipped", () => Ask("IP first"));
            await Watch("path over UDP silent", () => CutUntilNoticed(1));
            await Watch("both paths over UDP silent", () => CutUntilNoticed(2));
            await Watch("routes flipped back", () => Ask("sockets first"));
            await Watch(
                "SIGSTOP for 300 ms",
                async () =>
                {
                    victim.Process.Signal(RunningProgram.SIGSTOP);
                    await Task.Delay(300);
                    victim.Process.Signal(RunningProgram.SIGCONT);
                }
            );
            await Watch(
                "kill -9 and restart",
                () =>
                {
                    victim.Kill(TimeSpan.Zero, squat: false);
                    victim.Recover(TimeSpan.MaxValue);
                    victim.Process.Ask("talk");
                    return Task.CompletedTask;
                }
            );
        }

        world.AskAll("quiet");
        world.Settle("after the last fault");
        Ledger ledger = world.Stop();
        await TestContext.Progress.WriteLineAsync($"{ledger}; longest pause of a direction in milliseconds:");
        foreach ((string kind, List<long> longest) in pauses)
        {
            longest.Sort();
            await TestContext.Progress.WriteLineAsync(
                $"  {kind}: {longest.Count} times, p50 {At(longest, 0.5):0.0}, p99 {At(longest, 0.99):0.0}, "
                    + $"max {At(longest, 1):0.0}"
            );
        }

        async Task Watch(string kind, Func<Task> fault)
        {
            foreach (ChaosSlot slot in world.Slots)
                slot.Process.Ask("pause");
            await fault();
            AllPathsAreBack(world);
            long longest = world.Slots.Max(static slot => long.Parse(slot.Process.Ask("pause")));
            if (!pauses.TryGetValue(kind, out List<long>? all))
                pauses.Add(kind, all = []);
            all.Add(longest);
        }

        Task Cut()
        {
            Assert.That(victim.Process.Ask("cut"), Is.EqualTo("cut"), world.Name);
            return Task.CompletedTask;
        }

        Task Ask(string command)
        {
            world.AskAll(command);
            return Task.CompletedTask;
        }

        // Until both nodes of the first pair have given up what is silent.
        async Task CutUntilNoticed(int count)
        {
            await Task.Delay(s_formerPath);
            for (int path = 0; path < count; path++)
                world.Relays.Cut(0, path, TimeSpan.Zero);
            (uint one, uint other) = ChaosTopology.Pairs[0];
            world.Wait(
                "a silent path is noticed",
                (node, state) => (node != one && node != other) || state.Usable <= ChaosTopology.Paths(node) - count
            );
            world.Relays.Recover(TimeSpan.MaxValue);
        }
    }

    private static double At(List<long> sorted, double share) =>
        sorted[(int)Math.Ceiling(share * sorted.Count) - 1] / 1000.0;

    private static void AllPathsAreBack(ChaosWorld world) =>
        world.Wait("all paths are there", static (node, state) => state.Usable == ChaosTopology.Paths(node));

    private static ChaosWorld Start(string name)
    {
        int seed = Environment.TickCount & int.MaxValue;
        ChaosWorld world = new($"{name}, seed {seed}", new Random(seed), isCalm: true);
        world.Start();
        AllPathsAreBack(world);
        world.AskAll("talk");
        return world;
    }
}
