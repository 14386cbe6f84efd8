using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>
/// Two nodes with nothing but datagrams between them, which are lost, repeated, reordered and cut off: both classes.
/// One world per seed.
/// </summary>
[TestFixture]
public sealed class LossyWorldTests
{
    private const long Second = 1_000_000;
    private const long Busy = 15 * Second;

    private static int Seeds =>
        int.TryParse(Environment.GetEnvironmentVariable("FASTFORWARD_SIMULATION_SEEDS"), out int seeds) ? seeds : 200;

    [Test]
    public void Reliable_messages_arrive_once_and_in_order_or_are_reported_and_the_nodes_become_idle()
    {
        for (int seed = 0; seed < Seeds; seed++)
            Run(seed);
    }

    [Test]
    public void Without_an_end_of_the_association_every_reliable_message_arrives()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            SimulatedNetwork network = new(seed)
            {
                MaxDelay = 75_000,
                Loss = 0.2,
                Duplication = 0.05,
            };
            (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip);
            int tried = 0;
            int sent = 0;
            for (int i = 0; i < 300; i++)
                network.At(
                    network.Now + (i * 20_000),
                    () =>
                    {
                        tried++;
                        sent += Send(a, network.Random) ? 1 : 0;
                    }
                );
            Assert.That(
                network.RunUntil(() => tried == 300 && a.Peer(2).Association.Sender.Unacknowledged == 0, 120 * Second),
                Is.True,
                $"seed {seed}: all arrives, although a fifth of the frames is lost"
            );
            Assert.That(b.Recorder.Messages, Has.Count.EqualTo(sent).And.Count.GreaterThan(200), $"seed {seed}");
            Assert.That(a.Recorder.Reports, Is.Empty, $"seed {seed}");
            Ledger.Check($"seed {seed}", [a.Journal, b.Journal]);
        }
    }

    // False where the window of a path that loses so much has filled the store.
    private static bool Send(SimulatedNode node, Random random)
    {
        int size = random.Next(10) == 0 ? random.Next(60_000) : random.Next(8, 300);
        SendResult result = node.SendNumbered(2, (ulong)random.Next(5), MessageClass.Reliable, size);
        Assert.That(result.Status, Is.EqualTo(SendStatus.Accepted).Or.EqualTo(SendStatus.BackPressured));
        return result.IsAccepted;
    }

    private static void Run(int seed)
    {
        string world = $"seed {seed}";
        SimulatedNetwork network = new(seed);
        Random random = network.Random;
        network.MaxDelay = random.Next(3) == 0 ? 1_000 : random.Next(1_000, 150_000);
        network.Loss = random.NextDouble() * random.NextDouble() * 0.5;
        network.Duplication = random.NextDouble() * 0.1;
        int streams = random.Next(4, 20);
        SimulatedNode[] nodes =
        [
            network.StartAt(1, 1, options => options with { MaxStreams = streams }, 2),
            network.StartAt(2, 2, options => options with { MaxStreams = streams }, 1),
        ];
        nodes[0].Open(2, TransportKind.Ip);
        if (random.Next(2) == 0)
            nodes[1].Open(1, TransportKind.Ip);
        TrafficShape shape = new() { OpenStreams = random.Next(1, streams + 2) };
        TrafficSource[] traffic = [.. nodes.Select(node => new TrafficSource(node, random))];
        for (long time = 0; time < Busy; time += random.NextInt64(1, 40_000))
        {
            int from = random.Next(2);
            network.At(time, () => traffic[from].Step(2 - (uint)from, shape));
        }

        for (long time = 0; time < Busy; time += random.NextInt64(1, 5 * Second))
            network.At(time, Fault);
        network.Run(Busy);

        network.Vanishes = static (_, _) => false;
        network.Loss = 0;
        network.Run(Busy + (90 * Second));
        Ledger.Check(world, nodes.Select(static node => node.Journal));
        long wakeups = nodes.Sum(static node => node.Wakeups);
        network.Run(network.Now + (10 * Second));
        Assert.That(nodes.Sum(static node => node.Wakeups) - wakeups, Is.LessThan(10 * 2 * 20), $"{world}: idle");
        foreach (SimulatedNode node in nodes)
        {
            Peer peer = node.Peer(3 - node.Id);
            Assert.That(peer.State, Is.EqualTo(PeerState.Connected), world);
            Assert.That(peer.Association.Sender.Unacknowledged, Is.Zero, world);
            Assert.That(peer.Association.Sender.StoredBytes, Is.Zero, world);
            foreach (SessionPath path in peer.Paths)
                Assert.That(path.Recovery!.InFlight, Is.Zero, world);
        }

        void Fault()
        {
            int victim = random.Next(2);
            switch (random.Next(4))
            {
                case 0:
                    nodes[victim].Pause(random.NextInt64(10_000, 6 * Second));
                    break;
                case 1:
                    uint address = nodes[victim].Address;
                    network.Vanishes = (from, _) => from == address;
                    network.At(
                        network.Now + random.NextInt64(10 * Second),
                        () => network.Vanishes = static (_, _) => false
                    );
                    break;
                case 2 when nodes[victim].Links.Count > 0:
                    nodes[victim].Block(nodes[victim].Links[0], random.NextInt64(3 * Second));
                    break;
                default:
                    network.MaxDelay = random.Next(1_000, 150_000);
                    break;
            }
        }
    }
}
