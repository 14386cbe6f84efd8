using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>What an application does inside the delivery of messages that had waited.</summary>
[TestFixture]
public sealed class RealTimeHoldReentrancyTests
{
    private IncomingRealTime _in = null!;

    [SetUp]
    public void SetUp()
    {
        _in = new IncomingRealTime();
        _in.Arrive(0, 0);
        for (ulong sequence = 2; sequence < 6; sequence++)
            _in.Arrive(1, sequence, bits: sequence == 5 ? MessageBits.End : MessageBits.None);
    }

    [TestCase(1)] // the one that was missing
    [TestCase(2)] // one that waited
    [TestCase(5)] // the last one
    public void It_refuses_the_stream(int at)
    {
        _in.Events.OnMessage = (_, stream, payload) =>
        {
            if (payload[8] == at)
                _in.Receiver.Refuse(2, stream);
        };
        _in.Arrive(2, 1);
        Assert.That(_in.Delivered(), Is.EqualTo(Enumerable.Range(0, at + 1)));
        Assert.That(_in.Events.Ends, Has.Count.EqualTo(at == 5 ? 1 : 0), "a refused stream has no end to report");
        Assert.That(_in.Receiver.NextRelease, Is.EqualTo(long.MaxValue));
        _in.CheckContents();
        CheckReuse();
    }

    [Test]
    public void It_refuses_the_stream_when_a_time_out_releases()
    {
        _in.Events.OnMessage = (_, stream, _) => _in.Receiver.Refuse(2, stream);
        Assert.That(_in.RunUntil(1_000_000), Has.Count.EqualTo(1));
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 2 }));
        CheckReuse();
    }

    [Test]
    public void It_refuses_the_stream_when_a_reset_or_a_lost_peer_releases([Values] bool reset)
    {
        _in.Events.OnMessage = (_, stream, _) => _in.Receiver.Refuse(2, stream);
        if (reset)
            Assert.That(_in.Receiver.Reset(2, 1, 9, 1), Is.True);
        else
            _in.Receiver.FailAll(2, FastForward.Transport.StreamEndReason.PeerLost);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 2 }));
        Assert.That(_in.Events.Ends, Is.Empty);
        CheckReuse();
    }

    [Test]
    public void It_refuses_another_stream_on_which_messages_wait()
    {
        _in.Arrive(1, 0, stream: 7);
        _in.Arrive(1, 2, stream: 7);
        _in.Events.OnMessage = (_, _, _) => _in.Receiver.Refuse(2, 7);
        _in.RunUntil(1_000_000); // both are due at the same time
        Assert.That(_in.Delivered(7), Is.EqualTo(new[] { 0 }));
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 2, 3, 4, 5 }));
        CheckReuse();
    }

    // Nothing is counted as waiting any more: as much as ever may wait again, and none of it mixes with another.
    private void CheckReuse()
    {
        _in.Events.OnMessage = null;
        _in.Events.Messages.Clear();
        Assert.That(_in.Receiver.HeldBytes, Is.Zero);
        for (ulong stream = 100; stream < 110; stream++)
        {
            _in.Arrive(2_000_000, 0, stream: stream);
            for (ulong sequence = 20; sequence > 1; sequence--)
                _in.Arrive(2_000_000, sequence, stream: stream);
        }

        Assert.That(_in.Events.Messages, Has.Count.EqualTo(10));
        for (ulong stream = 100; stream < 110; stream++)
        {
            _in.Arrive(2_000_001, 1, stream: stream);
            Assert.That(_in.Delivered(stream), Is.EqualTo(Enumerable.Range(0, 21)));
        }

        _in.CheckContents();
    }
}
