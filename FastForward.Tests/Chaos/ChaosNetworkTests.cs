using System.Diagnostics;
using FastForward.Tests.Traffic;
using FastForward.Transport;

namespace FastForward.Tests.Chaos;

/// <summary>
/// Real processes in network namespaces that two networks connect, and what happens to networks: interfaces go down and
/// come back, addresses are removed and added, a router drops the datagrams of a port or loses its interface.
/// </summary>
[TestFixture]
[Category("Chaos")]
public sealed class ChaosNetworkTests
{
    private static readonly uint s_one = ChaosNetworks.Nodes[0];
    private static readonly uint s_other = ChaosNetworks.Nodes[1];

    [Test]
    public async Task Traffic_leaves_a_network_that_fails_and_returns_to_it_and_nothing_is_lost_repeated_or_reordered()
    {
        int rounds = int.TryParse(Environment.GetEnvironmentVariable("FASTFORWARD_CHAOS_SECONDS"), out int seconds)
            ? Math.Max(1, seconds / 20)
            : 1;
        int seed = Environment.TickCount & int.MaxValue;
        using NetworkWorld world = new($"networks, seed {seed}", new Random(seed));
        ChaosNetworks networks = world.Networks;
        world.Start();
        AllIsBack();
        world.AskAll("talk");
        int toOne = world.PortOf(s_one);
        int toOther = world.PortOf(s_other);
        Stopwatch watch = Stopwatch.StartNew();
        for (int i = 0; i < rounds; i++)
        {
            await Fails(
                "interface down",
                () => networks.TakeDown(s_one, ChaosNetworks.First),
                () => networks.TakeUp(s_one, ChaosNetworks.First)
            );
            await Fails("port silent one way", () => networks.Block("a1", toOther), networks.Unblock);
            await Fails(
                "port silent both ways",
                () =>
                {
                    networks.Block("a1", toOther);
                    networks.Block("b1", toOne);
                },
                networks.Unblock
            );
            await Fails(
                "address removed",
                () => networks.RemoveAddress(s_other, ChaosNetworks.First),
                () => networks.AddAddress(s_other, ChaosNetworks.First)
            );
            await Fails(
                "interface of the router down",
                () => networks.Route("ip link set b1 down"),
                () => networks.Route("ip link set b1 up")
            );
        }

        world.AskAll("quiet");
        List<ChaosState> states = [];
        Eventually.True(
            () =>
            {
                states = world.Wait("an answer", static (_, _) => true);
                return states.Sum(static state => state.Sent) == states.Sum(static state => state.Received);
            },
            () => $"{world.Name}: all messages arrive: {string.Join("; ", states)}"
        );
        double duration = watch.Elapsed.TotalSeconds;
        Assert.That(states.Sum(static state => state.Late + state.Skipped + state.Undelivered), Is.Zero, world.Name);

        // Without any network real-time messages may be lost, others wait.
        world.AskAll("talk");
        TakePause();
        networks.TakeDown(s_one, "n1", "n2");
        await Task.Delay(500);
        networks.TakeUp(s_one, "n1", "n2");
        AllIsBack();
        await TestContext.Progress.WriteLineAsync(
            $"  both interfaces down for 500 ms: longest pause {TakePause() / 1000.0:0.0} ms"
        );
        world.AskAll("quiet");
        world.Wait("all is acknowledged", static (_, state) => state.Unacknowledged == 0);
        Ledger ledger = world.Stop();
        await TestContext.Progress.WriteLineAsync(
            $"{ledger}; {ledger.Accepted / duration:0} a second, {ledger.Reliable / duration:0} of them reliable; "
                + $"{ledger.MissingOf(MessageClass.RealTime)} real-time messages lost while there was no network"
        );
        Assert.That(ledger.MissingOf(MessageClass.Reliable), Is.Zero, world.Name);

        async Task Fails(string kind, Action fault, Action heal)
        {
            Stopwatch stopwatch = Stopwatch.StartNew();
            TakePause();
            fault();
            world.Wait($"{kind}: the other network", static (_, state) => state is { OnFirst: 0, Usable: 1 });
            double left = stopwatch.Elapsed.TotalMilliseconds;
            heal();
            AllIsBack();
            await TestContext.Progress.WriteLineAsync(
                $"  {kind}: left after {left:0} ms, back after {stopwatch.Elapsed.TotalMilliseconds:0} ms, "
                    + $"longest pause {TakePause() / 1000.0:0.0} ms"
            );
        }

        long TakePause() => world.Slots.Max(static slot => long.Parse(slot.Process.Ask("pause")));

        void AllIsBack() =>
            world.Wait(
                "both networks, and traffic over the first",
                static (_, state) => state is { OnFirst: 1, Usable: 2, Connected: 1 }
            );
    }
}
