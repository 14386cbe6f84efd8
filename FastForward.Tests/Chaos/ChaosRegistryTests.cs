using FastForward.Tests.Registry.Tarantool;
using FastForward.Tests.Traffic;

namespace FastForward.Tests.Chaos;

/// <summary>Real processes that follow a registry in a real Tarantool, which is edited and killed under load.</summary>
[TestFixture]
[Category("Chaos")]
public sealed class ChaosRegistryTests
{
    [Test]
    public async Task Overrides_move_traffic_and_a_registry_is_killed_and_nothing_is_lost_late_repeated_or_reordered()
    {
        const int Rounds = 50; // an override for each node, and its removal
        const int RoundsPerKill = 5;
        int seed = Environment.TickCount & int.MaxValue;
        await using RegistryServer registry = await FollowWorld.ServerAsync();
        using RegistryWorld world = new($"registry, seed {seed}", new Random(seed), registry);
        world.Start();
        await world.MoveToSocketsAsync("at first"); // all paths are known: nothing has to wait for a peer
        await world.MoveBackAsync("at first");
        world.AskAll("talk");
        int kills = 0;
        for (int round = 0; round < Rounds; round++)
        {
            await world.MoveToSocketsAsync($"round {round}");
            if (round % RoundsPerKill == 0)
            {
                await registry.RestartAsync();
                kills++;
            }

            await world.MoveBackAsync($"round {round}");
        }

        world.AskAll("quiet");
        List<ChaosState> states = world.Wait("all acknowledged", static (_, state) => state.Unacknowledged == 0);
        Eventually.True(
            () => Total(static state => state.Sent) == Total(static state => state.Received),
            () => $"all messages arrive: {string.Join("; ", states)}"
        );
        Ledger ledger = world.Stop();
        await TestContext.Progress.WriteLineAsync($"{2 * Rounds} changes, {kills} kills: {ledger}");
        Assert.That(ledger.Delivered, Is.EqualTo(ledger.Accepted), "nothing is lost, in real time neither");
        Assert.That(states.Sum(static state => state.Late), Is.Zero, "late");

        long Total(Func<ChaosState, long> count)
        {
            states = world.Wait("an answer", static (_, _) => true);
            return states.Sum(count);
        }
    }
}
