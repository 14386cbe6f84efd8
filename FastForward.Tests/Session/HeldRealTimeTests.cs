using FastForward.Transport;

namespace FastForward.Tests.Session;

/// <summary>
/// Real-time messages that wait for others before them leave in time, whatever becomes of the others.
/// </summary>
[TestFixture]
public sealed class HeldRealTimeTests
{
    private const long Second = 1_000_000;

    [Test]
    public void Those_that_make_room_for_others_are_not_released_again()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Start(window: 4_096);
        Send(network, a, 600, [false, true, true, true]);
        network.Run(network.Now + Second);
        Assert.That(Sequences(b), Is.EqualTo(new[] { 1ul, 2ul, 3ul }));
    }

    [Test]
    public void Several_that_are_due_at_the_same_time_are_all_released()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Start(window: 4 << 20);
        Send(network, a, 100, [false, true, false, true]);
        network.Run(network.Now + Second);
        Assert.That(Sequences(b), Is.EqualTo(new[] { 1ul, 3ul }));
    }

    [Test]
    public void Those_that_come_again_on_a_connection_are_delivered_once()
    {
        IncomingRealTime incoming = new();
        incoming.Arrive(0, 0);
        incoming.Arrive(1, 2);
        incoming.Arrive(1, 3);
        incoming.Arrive(1, 4);
        Assert.That(incoming.Delivered(), Is.EqualTo(new[] { 0ul }), "three wait for the missing one");
        for (ulong sequence = 2; sequence <= 5; sequence++)
            incoming.Arrive(2, sequence, isOrdered: true);
        Assert.That(incoming.Delivered(), Is.EqualTo(new[] { 0ul, 2ul, 3ul, 4ul, 5ul }));
        Assert.That(incoming.Gaps(), Is.EqualTo(1));
        incoming.CheckContents();
        Assert.That(incoming.Receiver.NextRelease, Is.EqualTo(long.MaxValue));
    }

    private static (SimulatedNetwork, SimulatedNode, SimulatedNode) Start(int window)
    {
        SimulatedNetwork network = new(5) { MinDelay = 10_000, MaxDelay = 10_000 };
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.StartAt(2, 2, options => options with { ReceiveWindowBytes = window }, 1);
        a.Open(2, TransportKind.Ip);
        Assert.That(network.RunUntil(() => a.Peer(2).State == PeerState.Connected, 10 * Second), Is.True);
        network.Run(network.Now + (2 * Second));
        return (network, a, b);
    }

    // At one moment, each in a frame of its own, and nothing after them.
    private static void Send(SimulatedNetwork network, SimulatedNode node, int size, bool[] arrives)
    {
        Next(0);

        void Next(int place)
        {
            bool isLost = place == arrives.Length || !arrives[place];
            network.Vanishes = (from, _) => isLost && from == node.Address;
            if (place == arrives.Length)
                return;
            node.SendNumbered(2, 1, MessageClass.RealTime, size);
            network.At(network.Now, () => Next(place + 1));
        }
    }

    private static IEnumerable<ulong> Sequences(SimulatedNode node) =>
        node.Recorder.Messages.Select(static message => message.Sequence);
}
