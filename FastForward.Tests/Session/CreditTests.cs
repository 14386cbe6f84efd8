using FastForward.Transport;
using FastForward.Transport.Buffers;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>Credit, acknowledgements and the end of streams: a sender never stalls permanently.</summary>
[TestFixture]
public sealed class CreditTests
{
    private const long Second = 1_000_000;

    private SimulatedNetwork _network = null!;
    private SimulatedNode _a = null!;
    private SimulatedNode _b = null!;

    private Sender Sender => _a.Peer(2).Association.Sender;

    [Test]
    public void Credit_of_messages_discarded_by_a_reset_is_returned()
    {
        Connect();
        for (ulong stream = 0; stream < 200; stream++)
        {
            foreach (SimulatedLink link in _a.Links)
                _a.Block(link, 1000);
            for (int i = 0; i < 4; i++)
                Assert.That(
                    Send(stream, 50_000).Status,
                    Is.EqualTo(SendStatus.Accepted),
                    $"stream {stream}, message {i}"
                );
            Assert.That(_a.Peer(2).ResetStream(_network.Now, stream, 1), Is.EqualTo(SendStatus.Accepted));
            _network.Run(_network.Now + Second);
        }

        Assert.That(Sender.Unacknowledged, Is.Zero);
    }

    [Test]
    public void A_reset_of_a_stream_that_has_ended_at_the_receiver_is_acknowledged()
    {
        Connect();
        foreach (SimulatedLink link in _b.Links)
            _b.Block(link, Second);
        Send(1, 10, end: true);
        _network.Run(_network.Now + (Second / 10)); // delivered; the acknowledgement waits for its link
        Assert.That(_a.Peer(2).ResetStream(_network.Now, 1, 5), Is.EqualTo(SendStatus.Accepted));
        Assert.That(
            _a.Peer(2).ResetStream(_network.Now, 1, 5),
            Is.EqualTo(SendStatus.StreamEnded),
            "a stream is reset once"
        );
        _network.Run(_network.Now + (5 * Second));
        Assert.That(Sender.Unacknowledged, Is.Zero);
        Assert.That(Sender.StoredBytes, Is.Zero);
    }

    [Test]
    public void Every_message_of_an_evicted_stream_is_acknowledged_or_reset()
    {
        Connect(receiver: options => options with { MaxStreams = 100 });
        for (ulong stream = 0; stream < 300; stream++)
            Send(stream, 10);
        _network.Run(_network.Now + Second);
        for (ulong stream = 0; stream < 300; stream++)
            Send(stream, 10);
        _network.Run(_network.Now + Second);
        Assert.That(Sender.Unacknowledged, Is.Zero);
        Assert.That(
            _b.Recorder.Messages.Count + _a.Recorder.Reports.Sum(static report => (int)report.Count),
            Is.EqualTo(600)
        );
        Assert.That(_a.Recorder.Reports, Is.Not.Empty);
    }

    [Test]
    public void The_eviction_of_a_real_time_stream_is_reported_to_its_sender()
    {
        Connect(receiver: options => options with { MaxStreams = 2 });
        for (ulong stream = 0; stream < 3; stream++)
            _a.Send(2, stream, MessageClass.RealTime, "x"u8);
        _network.Run(_network.Now + Second);
        Assert.That(_b.Statistics.EvictedStreams, Is.EqualTo(1));
        Assert.That(_a.Send(2, 0, MessageClass.RealTime, "x"u8).IsAccepted, Is.True);
        _network.Run(_network.Now + Second);
        Assert.That(_b.Statistics.EndedStreamMessages, Is.EqualTo(1));
        Assert.That(_a.Send(2, 0, MessageClass.RealTime, "x"u8).Status, Is.EqualTo(SendStatus.StreamEnded));
    }

    [Test]
    public void Credit_lost_with_its_path_is_granted_again()
    {
        Connect();
        int accepted = 0;
        for (ulong stream = 0; stream < 4; stream++)
        {
            while (Send(stream, 60_000).IsAccepted)
                accepted++;
        }

        // Everything arrives, but no acknowledgement is sent before the connection is cut.
        foreach (SimulatedLink link in _b.Links)
            _b.Block(link, 10 * Second);
        _network.Run(_network.Now + (Second / 2));
        Assert.That(_b.Recorder.Messages, Has.Count.EqualTo(accepted));
        foreach (SimulatedLink link in _b.Links.ToArray())
        {
            _b.Block(link, 0);
            link.LastArrival = _network.Now + Second; // frames written now stay in flight
        }

        _network.Run(_network.Now + 10);
        foreach (SimulatedLink link in _a.Links.ToArray())
            _network.Cut(link);
        _network.Run(_network.Now + (5 * Second));
        Assert.That(Sender.Unacknowledged, Is.Zero);
        for (ulong stream = 10; stream < 14; stream++)
        {
            for (int i = 0; i < 4; i++)
                Assert.That(Send(stream, 60_000).Status, Is.EqualTo(SendStatus.Accepted));
        }
    }

    [Test]
    public void Back_pressured_streams_become_writable_when_the_association_ends()
    {
        Connect();
        foreach (SimulatedLink link in _a.Links)
            _a.Block(link, 100 * Second);
        ulong stream = 0;
        while (Send(stream, 60_000).IsAccepted || Send(++stream, 60_000).IsAccepted) { }

        _a.Peer(2).Close(_network.Now, default, "test", UndeliveredReason.PeerLost);
        Assert.That(_a.Recorder.WritableStreams, Does.Contain((2u, stream)));
    }

    [Test]
    public void Every_back_pressured_stream_becomes_writable()
    {
        Connect();
        foreach (SimulatedLink link in _a.Links)
            _a.Block(link, 100 * Second);
        HashSet<ulong> refused = [];
        SendStatus last = default;
        for (ulong stream = 0; stream < 4000; stream++)
        {
            last = Send(stream, 60_000).Status;
            if (last == SendStatus.BackPressured)
                refused.Add(stream);
        }

        Assert.That(last, Is.EqualTo(SendStatus.TooManyStreams));
        _a.Peer(2).Close(_network.Now, default, "test", UndeliveredReason.PeerLost);
        Assert.That(_a.Recorder.WritableStreams.Select(static writable => writable.Stream), Is.EquivalentTo(refused));
    }

    [Test]
    public void A_peer_that_causes_too_many_pending_replies_loses_its_path()
    {
        Receiver receiver = new(
            2,
            new SessionOptions
            {
                Node = 1,
                Incarnation = 1,
                MaxStreams = 4,
            },
            new EventRecorder(),
            new PeerStatistics(2, new NodeStatistics()),
            new BufferPool(),
            new PeerHeldCredit()
        );
        ulong taken = 0;
        while (receiver.Reset(0, taken, 0, 0))
            Assert.That(++taken, Is.LessThan(100_000));
        Assert.That(taken, Is.GreaterThanOrEqualTo(4096));
    }

    private SendResult Send(ulong stream, int size, bool end = false) =>
        _a.Send(2, stream, MessageClass.Reliable, new byte[size], end);

    private void Connect(Func<SessionOptions, SessionOptions>? receiver = null)
    {
        _network = new SimulatedNetwork(11);
        _a = _network.Start(1, 2);
        _b = _network.StartAt(2, 2, receiver, 1);
        _a.Open(2, TransportKind.Socket);
        Assert.That(
            _network.RunUntil(
                () => _a.Peer(2).State == PeerState.Connected && _b.Peer(1).State == PeerState.Connected,
                10 * Second
            ),
            Is.True
        );
    }
}
