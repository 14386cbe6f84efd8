using System.Buffers.Binary;
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
        Dictionary<(ulong Sender, ulong Stream), long> accepted = [];
        Dictionary<ulong, ulong> senders = []; // message -> incarnation of its sender
        ulong counter = 0;

        long end = 20 * Second;
        for (long time = 0; time < end; time += network.Random.NextInt64(1, 30_000))
            network.At(time, SendSome);
        for (long time = 0; time < end; time += network.Random.NextInt64(1, 8 * Second))
            network.At(time, Fault);
        network.Run(end);
        // Long enough to reconnect, and to end an association whose peer was killed.
        network.Run(end + (100 * Second));

        foreach (SimulatedNode node in everyone)
            CheckReliable(seed, node, everyone, accepted, senders);
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
            byte[] payload = new byte[
                8 + (network.Random.Next(20) == 0 ? network.Random.Next(65_000) : network.Random.Next(200))
            ];
            network.Random.NextBytes(payload);
            BinaryPrimitives.WriteUInt64LittleEndian(payload, counter);
            senders[counter++] = from.Options.Incarnation;
            if (!from.Send(to, stream, MessageClass.Reliable, payload).IsAccepted)
                return;
            (ulong, ulong) key = (from.Options.Incarnation, stream);
            accepted[key] = accepted.GetValueOrDefault(key) + 1;
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

    private static void CheckReliable(
        int seed,
        SimulatedNode sender,
        List<SimulatedNode> everyone,
        Dictionary<(ulong, ulong), long> accepted,
        Dictionary<ulong, ulong> senders
    )
    {
        // Messages accepted by a killed process are lost with it, but its reports up to then count.
        for (ulong stream = 0; stream < 5; stream++)
        {
            long taken = accepted.GetValueOrDefault((sender.Options.Incarnation, stream));
            HashSet<ulong> seen = [];
            foreach (SimulatedNode receiver in everyone.Where(node => node.Id != sender.Id))
            {
                ulong last = 0;
                foreach (
                    (
                        uint From,
                        ulong Stream,
                        ulong Sequence,
                        ulong Skipped,
                        byte[] Payload
                    ) message in receiver.Recorder.Messages.Where(message =>
                        message.Stream == stream
                        && message.From == sender.Id
                        && senders[BinaryPrimitives.ReadUInt64LittleEndian(message.Payload)]
                            == sender.Options.Incarnation
                    )
                )
                {
                    ulong number = BinaryPrimitives.ReadUInt64LittleEndian(message.Payload);
                    Assert.That(
                        seen.Add(number),
                        Is.True,
                        $"seed {seed}: message {number} of stream {stream} was delivered twice"
                    );
                    Assert.That(number, Is.GreaterThanOrEqualTo(last), $"seed {seed}: stream {stream} was reordered");
                    last = number;
                }
            }

            if (sender.IsDead)
                continue;
            long reported = sender
                .Recorder.Reports.Where(report => report.Stream == stream)
                .Sum(report => (long)report.Count);
            Assert.That(
                seen.Count + reported,
                Is.GreaterThanOrEqualTo(taken),
                $"seed {seed}: node {sender.Id} stream {stream} lost a message without a report"
            );
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
        Dictionary<ulong, ulong> sent = [];
        network.Run(10 * Second);
        // This much loss makes a path suspect now and then; it must recover.
        Assert.That(
            network.RunUntil(() => a.Peer(2).State == PeerState.Connected, 30 * Second),
            Is.True,
            $"seed {seed}"
        );
        long begin = network.Now;

        for (long time = begin; time < begin + (10 * Second); time += 20_000)
            network.At(
                time,
                () =>
                {
                    ulong stream = (ulong)network.Random.Next(3);
                    if (
                        a.Send(
                            2,
                            stream,
                            MessageClass.RealTime,
                            BitConverter.GetBytes(sent.GetValueOrDefault(stream))
                        ).IsAccepted
                    )
                        sent[stream] = sent.GetValueOrDefault(stream) + 1;
                }
            );
        network.Run(begin + (20 * Second));

        foreach ((ulong stream, ulong count) in sent)
        {
            ulong expected = 0;
            foreach (
                (
                    uint From,
                    ulong Stream,
                    ulong Sequence,
                    ulong Skipped,
                    byte[] Payload
                ) message in b.Recorder.Messages.Where(message => message.Stream == stream)
            )
            {
                Assert.That(
                    message.Sequence,
                    Is.EqualTo(expected + message.Skipped),
                    $"seed {seed}: the reported gap is correct"
                );
                Assert.That(BitConverter.ToUInt64(message.Payload), Is.EqualTo(message.Sequence), $"seed {seed}");
                expected = message.Sequence + 1;
            }

            Assert.That(expected, Is.LessThanOrEqualTo(count), $"seed {seed}");
            Assert.That(expected, Is.GreaterThan(0), $"seed {seed}: something arrived");
        }
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
