using FastForward.Tests.Traffic;
using FastForward.Transport;

namespace FastForward.Tests.Session;

/// <summary>
/// Many small simulated networks with faults, one per seed; the session's guarantees are checked in each.
/// </summary>
[TestFixture]
public sealed class SessionSimulationTests
{
    private const long Second = 1_000_000;

    /// <summary>The number of seeds per run; set FASTFORWARD_SIMULATION_SEEDS to run more.</summary>
    private static int Seeds =>
        int.TryParse(Environment.GetEnvironmentVariable("FASTFORWARD_SIMULATION_SEEDS"), out int seeds) ? seeds : 300;

    [Test]
    public void Reliable_messages_arrive_once_and_in_order_or_are_reported_despite_faults()
    {
        for (int seed = 0; seed < Seeds; seed++)
            RunReliableWorld(seed);
    }

    [Test]
    public void Real_time_messages_are_never_duplicated_or_reordered_and_gaps_are_reported()
    {
        for (int seed = 0; seed < Seeds; seed++)
            RunRealTimeWorld(seed);
    }

    private static void RunReliableWorld(int seed)
    {
        SimulatedNetwork network = new(seed) { MaxDelay = 20_000 };
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        List<SimulatedNode> everyone = [a, b];
        Open(network, a, b);

        long end = 20 * Second;
        for (long time = 0; time < end; time += network.Random.NextInt64(1, 30_000))
            network.At(time, SendSome);
        for (long time = 0; time < end; time += network.Random.NextInt64(1, 8 * Second))
            network.At(time, Fault);
        network.Run(end);
        // Long enough to reconnect, and to end an association whose peer was killed.
        network.Run(end + (100 * Second));

        Ledger.Check($"seed {seed}", everyone.Select(static node => node.Journal));
        Assert.That(
            network.Find(1)!.Peer(2).Association.Sender.Unacknowledged,
            Is.Zero,
            $"seed {seed}: nothing is pending"
        );
        Assert.That(
            network.Find(2)!.Peer(1).Association.Sender.Unacknowledged,
            Is.Zero,
            $"seed {seed}: nothing is pending"
        );
        Assert.That(network.Find(1)!.Peer(2).State, Is.EqualTo(PeerState.Connected), $"seed {seed}");
        Assert.That(network.Find(1)!.Peer(2).Paths, Has.Count.EqualTo(1), $"seed {seed}: redundant links are closed");

        void SendSome()
        {
            SimulatedNode from = network.Find(network.Random.Next(2) == 0 ? 1u : 2u)!;
            uint to = 3 - from.Id;
            ulong stream = (ulong)network.Random.Next(5);
            int size = 8 + (network.Random.Next(20) == 0 ? network.Random.Next(65_000) : network.Random.Next(200));
            from.SendNumbered(to, stream, MessageClass.Reliable, size);
        }

        void Fault()
        {
            SimulatedNode victim = network.Find(network.Random.Next(2) == 0 ? 1u : 2u)!;
            if (network.Random.Next(4) == 0)
            {
                network.Kill(victim);
                SimulatedNode successor = network.Start(victim.Id, 3 - victim.Id);
                everyone.Add(successor);
                Open(network, successor, network.Find(3 - victim.Id)!);
            }
            else if (victim.Links.Count > 0)
            {
                network.Cut(victim.Links[network.Random.Next(victim.Links.Count)]);
            }
        }
    }

    private static void RunRealTimeWorld(int seed)
    {
        SimulatedNetwork network = new(seed) { MaxDelay = 75_000 };
        network.Loss = network.Random.NextDouble() * 0.2;
        network.Duplication = network.Random.NextDouble() * 0.1;
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        a.Open(2, TransportKind.Ip);
        if (network.Random.Next(2) == 0)
            b.Open(1, TransportKind.Ip);
        network.Run(10 * Second);
        // This much loss makes a path suspect now and then; it must recover.
        Assert.That(
            network.RunUntil(() => a.Peer(2).State == PeerState.Connected, 30 * Second),
            Is.True,
            $"seed {seed}"
        );
        long begin = network.Now;

        for (long time = begin; time < begin + (10 * Second); time += 20_000)
            network.At(time, () => a.SendNumbered(2, (ulong)network.Random.Next(3), MessageClass.RealTime, 8));
        network.Run(begin + (20 * Second));

        Ledger.Check($"seed {seed}", [a.Journal, b.Journal]);
        for (ulong stream = 0; stream < 3; stream++)
            Assert.That(
                b.Recorder.Messages.Exists(message => message.Stream == stream),
                Is.True,
                $"seed {seed}: something arrived on stream {stream}"
            );
    }

    private static void Open(SimulatedNetwork network, SimulatedNode first, SimulatedNode second)
    {
        // One side connects, or the other, or both at once (crossed connections).
        int who = network.Random.Next(3);
        if (who != 1 || second.Opens.Count > 0)
            first.Open(second.Id, TransportKind.Socket);
        if (who != 0)
            second.Open(first.Id, TransportKind.Socket);
    }
}
