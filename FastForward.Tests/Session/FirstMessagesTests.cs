using FastForward.Tests.Traffic;
using FastForward.Transport;

namespace FastForward.Tests.Session;

/// <summary>
/// The first real-time messages, sent as soon as there is a path to the peer: the paths that both nodes open, and those
/// of other media, are established one after the other, and the messages move.
/// </summary>
[TestFixture]
public sealed class FirstMessagesTests
{
    private const int Seeds = 200;
    private const int Streams = 4;
    private const int Messages = 400;
    private const long Second = 1_000_000;

    [TestCase(false, 500)]
    [TestCase(true, 500)]
    [TestCase(true, 20_000)]
    public void None_is_late_because_others_overtook_it(bool datagrams, int delay)
    {
        for (int seed = 0; seed < Seeds; seed++)
            Run(seed, datagrams, delay, stands: 0);
    }

    [Test]
    public void Nor_when_the_handshake_takes_longer_than_messages_are_waited_for()
    {
        for (int seed = 0; seed < Seeds; seed++)
            Run(seed, datagrams: false, 5_000, stands: 3 * Second);
    }

    private static void Run(int seed, bool datagrams, int delay, long stands)
    {
        SimulatedNetwork network = new(seed) { MaxDelay = delay };
        SimulatedNode a = network.StartAt(1, 1, null, 2);
        SimulatedNode b = network.StartAt(2, 2, null, 1);
        SimulatedRoute[] routes = datagrams
            ? [new(TransportKind.Socket), new(TransportKind.Ip)]
            : [new(TransportKind.Socket)];
        a.Open(2, routes);
        b.Open(1, routes);
        if (stands > 0)
            b.Pause(stands);
        Talk(network, [(a, 2), (b, 1)], delay / 40);
        network.Run(network.Now + (2 * Second));

        string world = $"seed {seed}";
        Ledger ledger = Ledger.Check(world, [a.Journal, b.Journal]);
        Assert.That(a.Statistics.LateMessages + b.Statistics.LateMessages, Is.Zero, world);
        Assert.That(ledger.MostMissingRealTime, Is.Zero, world);
    }

    // Each from the moment at which it has a path to the other one.
    private static void Talk(SimulatedNetwork network, List<(SimulatedNode Node, uint Other)> silent, long interval)
    {
        while (silent.Count > 0)
        {
            Assert.That(network.RunUntil(() => silent.Exists(IsConnected), 10 * Second), Is.True);
            (SimulatedNode node, uint other) = silent.Find(IsConnected);
            silent.Remove((node, other));
            for (int i = 0; i < Messages; i++)
            {
                ulong stream = (ulong)(i % Streams) + 1;
                network.At(
                    network.Now + (i * interval),
                    () => node.SendNumbered(other, stream, MessageClass.RealTime, 40)
                );
            }
        }

        static bool IsConnected((SimulatedNode Node, uint Other) way) =>
            way.Node.Peer(way.Other).State == PeerState.Connected;
    }
}
