using FastForward.Transport;

namespace FastForward.Tests.Session;

/// <summary>Messages that the application has not taken yet, while other streams of the peer come and go.</summary>
[TestFixture]
public sealed class WithheldMessageTests
{
    private const long Second = 1_000_000;

    [Test]
    public void A_withheld_message_of_an_ended_stream_is_delivered_once_and_acknowledged_when_it_is_taken()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b, MessageCredit credit) = Withheld();
        network.Cut(a.Links.Single());
        network.Run(network.Now + (5 * Second)); // the message is repeated
        Assert.That(CountOf(b), Is.EqualTo(1));
        Assert.That(a.Peer(2).Association.Sender.UnacknowledgedMessages, Is.EqualTo(1));

        b.Peer(1).AcceptWithheld(network.Now, credit);
        b.QueuePump();
        network.Run(network.Now + Second);
        Assert.That(a.Peer(2).Association.Sender.StoredBytes, Is.Zero);
        network.Cut(a.Links.Single());
        network.Run(network.Now + (5 * Second));
        Assert.That(CountOf(b), Is.EqualTo(1));
        Assert.That(a.Recorder.Reports, Is.Empty);
    }

    [Test]
    public void A_withheld_message_of_an_ended_stream_that_is_refused_is_reported_and_its_credit_stays_used()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b, MessageCredit credit) = Withheld();
        ulong used = a.Peer(2).Association.Sender.CreditUsed;
        b.Peer(1).Refuse(network.Now, credit, 0);
        b.QueuePump();
        network.Run(network.Now + Second);
        Assert.That(
            a.Recorder.Reports,
            Is.EqualTo(new[] { new Undelivered(2, 1, 0, 1, UndeliveredReason.StreamReset) })
        );
        Assert.That(a.Peer(2).Association.Sender.CreditUsed, Is.EqualTo(used), "as the receiver counts it");
    }

    // Stream 1 has ended with a withheld message, and more streams have ended since than are remembered.
    private static (SimulatedNetwork Network, SimulatedNode A, SimulatedNode B, MessageCredit Credit) Withheld()
    {
        SimulatedNetwork network = new(7);
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        a.Open(2, TransportKind.Socket);
        Assert.That(network.RunUntil(() => a.Peer(2).State == PeerState.Connected, 10 * Second), Is.True);
        b.Recorder.Held = [];
        b.Recorder.OnMessage = (_, _, _) =>
        {
            MessageCredit held = b.Recorder.Held!.Peek();
            held.Owner!.Withhold(held.Stream!, 0);
        };
        a.Send(2, 1, MessageClass.Reliable, "withheld"u8, end: true);
        network.Run(network.Now + Second);
        MessageCredit credit = b.Recorder.Held.Dequeue();
        (b.Recorder.Held, b.Recorder.OnMessage) = (null, null);

        int remembered = Math.Max(b.Options.MaxStreams * 4, 4096);
        for (int i = 0; i < remembered + 10; i++)
        {
            Assert.That(a.Send(2, 100 + (ulong)i, MessageClass.Reliable, "x"u8, end: true).IsAccepted, Is.True);
            if (i % 100 == 99)
                network.Run(network.Now + (Second / 10));
        }

        network.Run(network.Now + Second);
        Assert.That(b.Recorder.Messages, Has.Count.EqualTo(remembered + 11));
        return (network, a, b, credit);
    }

    private static int CountOf(SimulatedNode node) =>
        node.Recorder.Messages.Count(static message => message.Stream == 1);
}
