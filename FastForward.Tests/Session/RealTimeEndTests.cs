using FastForward.Tests.Traffic;
using FastForward.Transport;

namespace FastForward.Tests.Session;

/// <summary>The last messages of a real-time stream are repeated like all others.</summary>
[TestFixture]
public sealed class RealTimeEndTests
{
    private const long Millisecond = 1_000;

    [TestCase(false)]
    [TestCase(true)]
    public void A_message_before_the_last_one_is_repeated_after_the_last_one_has_arrived(bool peerLost)
    {
        SimulatedNetwork network = new(1) { MinDelay = 10 * Millisecond, MaxDelay = 10 * Millisecond };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip);
        long begin = network.Now + (100 * Millisecond);
        network.Vanishes = (from, _) => from == 1 && network.Now == begin + (3 * Millisecond / 4);
        for (int i = 0; i < 5; i++)
        {
            bool end = i == 4;
            network.At(begin + (i * Millisecond / 4), () => a.SendNumbered(2, 1, MessageClass.RealTime, 55, end));
        }

        network.Run(begin + (25 * Millisecond));
        if (peerLost)
        {
            a.RemoveRoute(2);
            network.Run(begin + (1_000 * Millisecond));
            Assert.That(a.Peers.GetOrAdd(2).Association.StoredBytes, Is.Zero);
            return;
        }

        network.Run(begin + (1_000 * Millisecond));
        Assert.That(b.Recorder.Messages.Select(static message => message.Sequence), Is.EqualTo(Enumerable.Range(0, 5)));
        Assert.That(b.Recorder.Ends.Single().Reason, Is.EqualTo(StreamEndReason.Ended));
        Assert.That(a.Statistics.RepeatedMessages, Is.EqualTo(1));
        Assert.That(a.Peer(2).Association.Sender.StoredBytes, Is.Zero, "what has arrived is forgotten");
        Assert.That(a.Send(2, 1, MessageClass.RealTime, "x"u8).Status, Is.EqualTo(SendStatus.StreamEnded));
        Ledger.Check("one loss", [a.Journal, b.Journal]);
    }
}
