using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>Three nodes with datagrams, connections and all kinds of faults. One world per seed.</summary>
[TestFixture]
public sealed class MixedWorldTests
{
    private const long Second = 1_000_000;
    private static readonly uint[] s_ids = [1, 2, 3];

    private static int Seeds =>
        int.TryParse(Environment.GetEnvironmentVariable("FASTFORWARD_SIMULATION_SEEDS"), out int seeds) ? seeds : 300;

    [Test]
    public void Nothing_is_lost_duplicated_or_reordered_and_the_nodes_become_idle()
    {
        for (int seed = 0; seed < Seeds; seed++)
            Run(seed);
    }

    private static void Run(int seed)
    {
        string world = $"seed {seed}";
        SimulatedNetwork network = new(seed) { MaxDelay = 15_000 };
        Random random = network.Random;
        network.Loss = random.NextDouble() * 0.1;
        network.Duplication = random.NextDouble() * 0.1;
        TrafficShape shape = new() { OpenStreams = random.Next(1, 7) };
        Dictionary<SimulatedNode, TrafficSource> traffic = [];
        List<SimulatedNode> everyone = [];
        foreach (uint id in s_ids)
            Begin(id);
        const long End = 25 * Second;
        for (long time = 0; time < End; time += random.NextInt64(1, 40_000))
            network.At(time, Send);
        for (long time = 0; time < End; time += random.NextInt64(1, 4 * Second))
            network.At(time, Fault);
        network.Run(End);

        network.Vanishes = static (_, _) => false;
        network.Loss = 0;
        foreach (SimulatedNode node in Living())
        {
            foreach (uint other in s_ids.Where(other => other != node.Id))
                node.Open(other, TransportKind.Socket);
        }

        network.Run(End + (120 * Second));
        Ledger.Check(world, everyone.Select(static node => node.Journal));
        long wakeups = Living().Sum(static node => node.Wakeups);
        network.Run(End + (130 * Second));
        Assert.That(
            Living().Sum(static node => node.Wakeups) - wakeups,
            Is.LessThan(10 * 3 * 60),
            $"{world}: wake-ups in ten idle seconds"
        );
        foreach (SimulatedNode node in Living())
        {
            foreach (uint other in s_ids.Where(other => other != node.Id))
            {
                Peer peer = node.Peer(other);
                string pair =
                    $"{world}: {node.Id} to {other}, local paths {Describe(peer)}, "
                    + $"remote paths {Describe(network.Find(other)!.Peer(node.Id))}";
                Assert.That(peer.State, Is.EqualTo(PeerState.Connected), pair);
                Assert.That(peer.Association.Sender.Unacknowledged, Is.Zero, pair);
                Assert.That(peer.Association.Sender.StoredBytes, Is.Zero, pair);
                Assert.That(peer.Paths.Count(static path => path.Kind == TransportKind.Socket), Is.EqualTo(1), pair);
                Assert.That(
                    peer.Paths.Count(static path => path.Kind == TransportKind.Ip),
                    Is.LessThanOrEqualTo(1),
                    pair
                );
            }
        }

        IEnumerable<SimulatedNode> Living() => everyone.Where(static node => !node.IsDead);

        static string Describe(Peer peer) =>
            string.Join(
                ' ',
                peer.Paths.Select(static path =>
                    $"[{path.Kind} {path.Phase} {path.LocalIndex}-{path.RemoteIndex}"
                    + (path.IsInitiator ? " initiator" : "")
                    + (path.IsSuspect ? " suspect" : "")
                    + $" epoch {path.Epoch}]"
                )
            );

        void Begin(uint id)
        {
            SimulatedNode node = network.StartAt(
                id,
                id,
                options => options with { MaxStreams = random.Next(4, 20) },
                [.. s_ids.Where(other => other != id)]
            );
            everyone.Add(node);
            traffic.Add(node, new TrafficSource(node, random));
            foreach (uint other in s_ids.Where(other => other != id))
                node.Open(other, Kind());
        }

        TransportKind Kind() => random.Next(3) == 0 ? TransportKind.Ip : TransportKind.Socket;

        (SimulatedNode Node, uint Other) Choose()
        {
            SimulatedNode node = network.Find(s_ids[random.Next(3)])!;
            return (node, s_ids.Where(id => id != node.Id).ElementAt(random.Next(2)));
        }

        void Send()
        {
            (SimulatedNode from, uint to) = Choose();
            traffic[from].Step(to, shape);
        }

        void Fault()
        {
            (SimulatedNode victim, uint other) = Choose();
            switch (random.Next(8))
            {
                case 0:
                    network.Kill(victim);
                    Begin(victim.Id);
                    break;
                case 1:
                    victim.Open(other, Kind());
                    break;
                case 2:
                    victim.Pause(random.NextInt64(10_000, 6 * Second));
                    break;
                case 3:
                    uint address = victim.Address;
                    network.Vanishes = (from, to) => from == address && to == other;
                    network.At(
                        network.Now + random.NextInt64(8 * Second),
                        () => network.Vanishes = static (_, _) => false
                    );
                    break;
                case 4 when victim.Links.Count > 0:
                    victim.Block(victim.Links[random.Next(victim.Links.Count)], random.NextInt64(5 * Second));
                    break;
                case 5:
                    victim.RemoveRoute(other);
                    network.At(
                        network.Now + random.NextInt64(Second),
                        () =>
                        {
                            if (victim.IsDead)
                                return;
                            victim.AddRoute(other);
                            // After the last fault all routes are restored.
                            victim.Open(other, network.Now < End ? Kind() : TransportKind.Socket);
                        }
                    );
                    break;
                default:
                    if (victim.Links.Count > 0)
                        network.Cut(victim.Links[random.Next(victim.Links.Count)]);
                    break;
            }
        }
    }
}
