using FastForward.Transport;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>Streams that end while messages wait for others before them.</summary>
[TestFixture]
public sealed class RealTimeHoldEndTests
{
    private const long Millisecond = 1_000;

    private IncomingRealTime _in = null!;

    [SetUp]
    public void SetUp() => _in = new IncomingRealTime();

    [Test]
    public void A_reset_delivers_what_waits_below_it()
    {
        _in.Arrive(0, 0);
        _in.Arrive(1, 2);
        _in.Arrive(2, 4);
        Assert.That(_in.Receiver.Reset(3, 1, 6, 77), Is.True);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 2, 4 }));
        Assert.That(
            _in.Events.Ends,
            Is.EqualTo(new[] { new StreamEnd(2, 1, StreamEndReason.Reset, 77) { SkippedBefore = 1 } })
        );
        Assert.That(_in.Receiver.NextRelease, Is.EqualTo(long.MaxValue));
    }

    [Test]
    public void A_reset_discards_what_waits_above_it()
    {
        _in.Arrive(0, 0);
        _in.Arrive(1, 3);
        _in.Arrive(2, 9); // no correct peer sends it
        Assert.That(_in.Receiver.Reset(3, 1, 3, 77), Is.True);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0 }));
        Assert.That(_in.Events.Ends.Single().SkippedBefore, Is.EqualTo(2));
        Assert.That(_in.Statistics.SkippedMessages, Is.EqualTo(2));
    }

    [Test]
    public void A_lost_peer_and_an_evicted_stream_deliver_what_waits()
    {
        _in = new IncomingRealTime(static options => options with { MaxStreams = 2 });
        for (ulong stream = 1; stream <= 3; stream++) // the third evicts the first
        {
            _in.Arrive(0, 0, stream: stream);
            _in.Arrive(1, 3, stream: stream);
            _in.Arrive(1, 2, sentAt: -200 * Millisecond, stream: stream);
        }

        Assert.That(_in.Delivered(1), Is.EqualTo(new[] { 0, 3 }));
        _in.Receiver.FailAll(1, StreamEndReason.PeerLost);
        for (ulong stream = 1; stream <= 3; stream++)
        {
            Assert.That(_in.Delivered(stream), Is.EqualTo(new[] { 0, 3 }));
            Assert.That(_in.Gaps(stream), Is.EqualTo(2));
        }

        Assert.That(
            _in.Events.Ends.Select(static end => end.Reason),
            Is.EqualTo(new[] { StreamEndReason.Evicted, StreamEndReason.PeerLost, StreamEndReason.PeerLost })
        );
        Assert.That(_in.Receiver.NextRelease, Is.EqualTo(long.MaxValue));
        _in.CheckContents();
    }

    [Test]
    public void The_end_that_waits_ends_the_stream_when_a_lost_peer_releases_it()
    {
        _in.Arrive(0, 0);
        _in.Arrive(1, 2, bits: MessageBits.End);
        _in.Receiver.FailAll(1, StreamEndReason.PeerLost);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 2 }));
        Assert.That(_in.Events.Ends, Is.EqualTo(new[] { new StreamEnd(2, 1, StreamEndReason.Ended) }));
    }

    [Test]
    public void A_late_place_before_another_end_than_the_last_message_is_told()
    {
        _in.Arrive(0, 0);
        _in.Arrive(200 * Millisecond, 1, sentAt: 0); // dropped
        _in.Receiver.FailAll(1, StreamEndReason.PeerLost);
        Assert.That(_in.Events.Ends.Single().SkippedBefore, Is.EqualTo(1));
    }

    [Test]
    public void A_mark_that_overtakes_the_last_messages_waits_for_them()
    {
        _in.Arrive(0, 0);
        _in.Arrive(1, 2, bits: MessageBits.End | MessageBits.Mark);
        Assert.That(_in.Events.Ends, Is.Empty);
        _in.Arrive(2, 1);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 1 }));
        Assert.That(_in.Events.Ends, Is.EqualTo(new[] { new StreamEnd(2, 1, StreamEndReason.Ended) }));
    }
}
