using FastForward.Tests.Session;
using FastForward.Tests.Traffic;
using FastForward.Transport;

namespace FastForward.Tests.Simulation;

/// <summary>Few worlds with many nodes: what an association costs that does nothing.</summary>
[TestFixture]
public sealed class BigWorldTests
{
    private const long Second = 1_000_000;

    [TestCase(45, 44, TestName = "A_mesh_of_45_nodes")]
    [TestCase(1_000, 20, TestName = "A_thousand_nodes_with_20_peers_each")]
    public void Nodes_connect_deliver_and_rest(int count, int degree)
    {
        long memory = GC.GetTotalMemory(forceFullCollection: true);
        SimulatedNetwork network = new(1) { MinDelay = 1_000, MaxDelay = 30_000 };
        List<SimulatedNode> nodes = [];
        for (uint id = 1; id <= count; id++)
            nodes.Add(network.Start(id, [.. Neighbours(id, count, degree)]));
        // Each pair is opened by its lower half of the ring, at a time of its own.
        foreach (SimulatedNode node in nodes)
        {
            foreach (uint other in Neighbours(node.Id, count, degree).Take(degree / 2))
                network.At(network.Random.NextInt64(Second / 2), () => node.Open(other, TransportKind.Ip));
        }

        network.Run(2 * Second);
        Assert.That(nodes.Sum(static node => node.Peers.All.Count), Is.EqualTo(count * degree));
        foreach (SimulatedNode node in nodes)
            Assert.That(node.Peers.All.All(static peer => peer.State == PeerState.Connected), Is.True, $"{node.Id}");

        foreach (SimulatedNode node in nodes)
        {
            foreach (uint other in Neighbours(node.Id, count, degree))
                node.SendNumbered(other, 1, MessageClass.Reliable, 100, end: true);
        }

        network.Run(3 * Second);
        Ledger ledger = Ledger.Check("big world", nodes.Select(static node => node.Journal));
        Assert.That(ledger.Delivered, Is.EqualTo(count * degree));

        long wakeups = nodes.Sum(static node => node.Wakeups);
        long frames = nodes.Sum(static node => node.FramesSent);
        network.Run(4 * Second);
        double perSecond = (double)count * degree;
        double wakeupsPer = (nodes.Sum(static node => node.Wakeups) - wakeups) / perSecond;
        double framesPer = (nodes.Sum(static node => node.FramesSent) - frames) / perSecond;
        long bytes = (GC.GetTotalMemory(forceFullCollection: true) - memory) / (count * degree);
        TestContext.Out.WriteLine(
            $"{count} nodes of degree {degree}, per idle end of an association: {bytes} bytes with the simulation, "
                + $"{wakeupsPer:0.00} wake-ups and {framesPer:0.00} frames a second; {network.Events} events"
        );
        // A probe and an answer; and the wake-ups to send the one and to read the two of the peer.
        Assert.That(framesPer, Is.InRange(1.5, 2.5));
        Assert.That(wakeupsPer, Is.LessThan(5));
        GC.KeepAlive(nodes);
    }

    private static IEnumerable<uint> Neighbours(uint id, int count, int degree)
    {
        for (int i = 1; i <= degree / 2; i++)
            yield return (uint)((id - 1 + i) % count) + 1;
        for (int i = 1; i <= degree / 2; i++)
            yield return (uint)((id - 1 + count - i) % count) + 1;
    }
}
