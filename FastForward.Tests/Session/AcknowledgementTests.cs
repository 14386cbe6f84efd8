using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>What a sender takes of the acknowledgements of a stream.</summary>
[TestFixture]
public sealed class AcknowledgementTests
{
    private const ulong Stream = 7;
    private const int Messages = 3;
    private const long Second = 1_000_000;

    [Test]
    public void Messages_that_were_never_written_cannot_be_acknowledged([Range(1, 9)] int beyond)
    {
        SimulatedNetwork network = new(1);
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip);
        network.Vanishes = (from, _) => from == b.Address; // what is written stays unacknowledged
        Send(a);
        network.Run(network.Now + 10_000);
        Sender sender = a.Peer(2).Association.Sender;
        Send(a, at: network.Now); // accepted, not written: the network does not run
        Assert.That(sender.UnacknowledgedMessages, Is.EqualTo(2 * Messages));
        Assert.That(sender.HasWaitingReliable, Is.True, "although no sender waits for room");

        sender.Acknowledge(Stream, Messages + (uint)beyond, 0, 0);
        Assert.That(sender.UnacknowledgedMessages, Is.EqualTo(2 * Messages), "none of them is taken for delivered");
        Assert.That(a.Statistics.MalformedFrames, Is.EqualTo(1));
        sender.Acknowledge(Stream, Messages, 0, 0);
        Assert.That(sender.UnacknowledgedMessages, Is.EqualTo(Messages), "what was written can be");
        Assert.That(a.Statistics.MalformedFrames, Is.EqualTo(1));

        network.Vanishes = static (_, _) => false;
        Assert.That(network.RunUntil(() => !sender.HasWaitingReliable, 30 * Second), Is.True);
        Assert.That(b.Recorder.Messages, Has.Count.EqualTo(2 * Messages));

        static void Send(SimulatedNode node, long at = 0)
        {
            for (int i = 0; i < Messages; i++)
                Assert.That(node.Send(2, Stream, MessageClass.Reliable, [(byte)i, (byte)at]).IsAccepted, Is.True);
        }
    }

    [Test]
    public void A_refused_stream_makes_room_for_senders_that_wait()
    {
        SimulatedNetwork network = new(1);
        (SimulatedNode a, SimulatedNode b) = network.StartPair(
            TransportKind.Ip,
            static options => options with { SendStoreBytes = 4_000 }
        );
        network.Vanishes = (from, _) => from == b.Address;
        while (a.Send(2, Stream, MessageClass.Reliable, new byte[500]).IsAccepted) { }
        Assert.That(a.Refusals, Does.Contain(SendStatus.BackPressured));
        a.Recorder.WritableStreams.Clear();
        network.Vanishes = static (_, _) => false;
        b.Peer(1).RefuseStream(b.Now, Stream);
        Assert.That(
            a.Send(2, Stream + 1, MessageClass.Reliable, new byte[500]).Status,
            Is.EqualTo(SendStatus.BackPressured)
        );
        Assert.That(network.RunUntil(() => a.Recorder.WritableStreams.Contains((2, Stream + 1)), 30 * Second), Is.True);
        Assert.That(a.Recorder.Reports, Has.Some.Matches<Undelivered>(static report => report.Stream == Stream));
    }
}
