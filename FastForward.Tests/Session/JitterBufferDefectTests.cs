using FastForward.Transport;

namespace FastForward.Tests.Session;

/// <summary>
/// Known defects of other software for the same purpose, one test for each, named after the defect: two nodes run in
/// simulated time and do not have it.
/// </summary>
[TestFixture]
public sealed class JitterBufferDefectTests
{
    private const long Millisecond = 1_000;
    private const long Second = 1_000_000;
    private const long Period = 60 * Millisecond;

    private SimulatedNetwork _network = null!;
    private SimulatedNode _a = null!;
    private SimulatedNode _b = null!;

    [SetUp]
    public void SetUp()
    {
        _network = new SimulatedNetwork(1) { MinDelay = 10 * Millisecond, MaxDelay = 10 * Millisecond };
        (_a, _b) = _network.StartPair(
            TransportKind.Ip,
            static options => options with { RealTimeRedundancy = RealTimeRedundancy.Off }
        );
    }

    [TestCase(5)]
    [TestCase(30)]
    [TestCase(60)]
    [TestCase(110)]
    public void Buffer_depth_is_fixed_at_40_ms_and_does_not_adapt(int delayed)
    {
        // One message of two travels up to nearly the whole budget longer. A buffer of 40 ms would lose most of them.
        Talk(60, i => i % 2 == 0 ? 0 : delayed * Millisecond);
        CheckAllInOrder(60);
    }

    [Test]
    public void Buffer_holds_no_more_than_four_frames()
    {
        // One is overtaken by ten others of its stream, which is sent in a burst.
        for (int i = 0; i < 12; i++)
            Send(i * Millisecond, delay: i == 1 ? 60 * Millisecond : 0);
        _network.Run(_network.Now + Second);
        CheckAllInOrder(12);
    }

    [Test]
    public void Frames_that_waited_too_long_are_deleted()
    {
        // The missing one never comes, and cannot be repeated in time. The ones that waited are delivered, not deleted.
        Talk(10, static _ => 0, lost: static i => i == 4, repeats: false);
        Assert.That(Sequences(), Is.EqualTo(new[] { 0, 1, 2, 3, 5, 6, 7, 8, 9 }));
        Assert.That(_b.Recorder.Messages[4].Skipped, Is.EqualTo(1));
    }

    [Test]
    public void Buffers_of_ended_streams_are_never_freed()
    {
        long Held() => _b.Peer(1).Association.Receiver.HeldBytes;
        for (int call = 0; call < 200; call++)
        {
            ulong stream = (ulong)call;
            // The second message is lost: the third waits when the stream ends, or has no end at all.
            Send(0, stream: stream);
            Send(Millisecond, stream: stream, isLost: true);
            Send(2 * Millisecond, stream: stream, end: call % 2 == 0);
        }

        _network.Run(_network.Now + (15 * Millisecond));
        Assert.That(Held(), Is.Positive);
        _network.Run(_network.Now + Second);
        Assert.That(Held(), Is.Zero);
        Assert.That(_b.Peer(1).Association.Receiver.NextRelease, Is.EqualTo(long.MaxValue));
        Assert.That(_a.Peer(2).Association.Sender.StoredBytes, Is.Zero);
    }

    [Test]
    public void Order_is_wrong_where_sequence_numbers_wrap()
    {
        // Two nodes cannot send 2^32 messages in a test: the receiver alone is given those around the wrap.
        IncomingRealTime incoming = new();
        incoming.Arrive(0, 0xFFFF_FFFD);
        incoming.RunUntil(Second);
        long now = Second;
        foreach (
            ulong sequence in new ulong[] { 0x1_0000_0001, 0xFFFF_FFFF, 0x1_0000_0000, 0xFFFF_FFFE, 0x1_0000_0002 }
        )
            incoming.Arrive(now++, sequence);
        Assert.That(
            incoming.Delivered(),
            Is.EqualTo(Enumerable.Range(0, 6).Select(static i => 0xFFFF_FFFDul + (ulong)i))
        );
    }

    [Test]
    public void Every_frame_out_of_order_is_dropped()
    {
        Random random = new(1);
        Talk(200, _ => random.NextInt64(100 * Millisecond));
        CheckAllInOrder(200);
        Assert.That(_b.Statistics.HeldMessages, Is.Positive, "some were out of order");
    }

    [Test]
    public void What_is_lost_is_not_recovered()
    {
        Talk(100, static _ => 0, lost: static i => i % 10 == 5);
        CheckAllInOrder(100);
        Assert.That(_a.Statistics.RepeatedMessages, Is.EqualTo(10));
    }

    [Test]
    public void Replayed_packets_are_delivered_again()
    {
        List<byte[]> recorded = [];
        _network.Arrives = (to, frame) =>
        {
            if (to == 2)
                recorded.Add([.. frame]);
        };
        Talk(20, static _ => 0);
        _network.Arrives = null;
        foreach (byte[] frame in recorded)
            _b.ReceiveDatagram(1, [.. frame]);
        _network.Run(_network.Now + (30 * Second));
        foreach (byte[] frame in recorded)
            _b.ReceiveDatagram(1, [.. frame]);
        _network.Run(_network.Now + Second);
        CheckAllInOrder(20);
        Assert.That(_b.Statistics.DuplicateMessages, Is.Zero, "they are stopped before they are read");
    }

    [Test]
    public void Keepalive_interval_is_longer_than_the_time_out()
    {
        // No traffic for ten times the time until a silent peer is dead, and a third of the probes is lost.
        Assert.That(_a.Options.ProbeInterval * 3, Is.LessThan(_a.Options.DeadAfter));
        _network.Loss = 0.3;
        _network.Run(_network.Now + (10 * _a.Options.DeadAfter));
        Assert.That(_a.Recorder.Changes.Count(static change => change.Kind == PeerEventKind.Lost), Is.Zero);
        Assert.That(_b.Recorder.Changes.Count(static change => change.Kind == PeerEventKind.Lost), Is.Zero);
    }

    [Test]
    public void A_reordered_burst_is_taken_for_a_gap_and_filled_with_five_false_frames()
    {
        // Two neighbours are exchanged: if they come out that way, who counts modulo 6 sees five missing frames.
        Talk(60, static i => i % 6 == 2 ? 70 * Millisecond : 0);
        CheckAllInOrder(60);
        int last = -1;
        int falseFrames = 0;
        foreach ((_, _, ulong sequence, _, _) in _b.Recorder.Messages)
        {
            falseFrames += (int)((sequence + 5 - (ulong)Math.Max(last, 0)) % 6) * (last < 0 ? 0 : 1);
            last = (int)(sequence % 6);
        }

        Assert.That(falseFrames, Is.Zero);
    }

    [Test]
    public void A_dead_peer_counts_as_connected_for_hours()
    {
        _network.Kill(_b);
        Assert.That(
            _network.RunUntil(() => _a.Peer(2).State != PeerState.Connected, 5 * Second),
            Is.True,
            "three probes, one a second"
        );
        Assert.That(
            _network.RunUntil(
                () => _a.Recorder.Changes.Any(static change => change.Kind == PeerEventKind.Lost),
                2 * _a.Options.DeadAfter
            ),
            Is.True
        );
    }

    private int[] Sequences() => [.. _b.Recorder.Messages.Select(static message => (int)message.Sequence)];

    private void CheckAllInOrder(int count)
    {
        Assert.That(Sequences(), Is.EqualTo(Enumerable.Range(0, count)));
        Assert.That(_b.Recorder.Messages.Sum(static message => (long)message.Skipped), Is.Zero);
        Traffic.Ledger.Check("a and b", [_a.Journal, _b.Journal]);
    }

    private void Talk(int count, Func<int, long> delay, Func<int, bool>? lost = null, bool repeats = true)
    {
        for (int i = 0; i < count; i++)
            Send(i * Period, delay: delay(i), isLost: lost?.Invoke(i) == true);
        if (!repeats)
        {
            // Acknowledgements do not come through either, so that nothing tells in time what to repeat.
            long begin = _network.Now;
            Func<uint, uint, bool> vanishes = _network.Vanishes;
            _network.Vanishes = (from, to) =>
                (from == 2 && _network.Now - begin < count * Period) || vanishes(from, to);
        }

        _network.Run(_network.Now + (count * Period) + Second);
    }

    // A message of a stream, sent some time from now; its frame travels longer by a delay, or is lost.
    private void Send(long time, ulong stream = 1, long delay = 0, bool isLost = false, bool end = false)
    {
        long at = _network.Now + time;
        _network.At(
            at,
            () =>
            {
                (_network.MinDelay, _network.MaxDelay) = (10 * Millisecond + delay, 10 * Millisecond + delay);
                _network.Loss = isLost ? 1 : 0;
                _a.SendNumbered(2, stream, MessageClass.RealTime, 55, end);
                _network.At(
                    at,
                    () =>
                    {
                        (_network.MinDelay, _network.MaxDelay) = (10 * Millisecond, 10 * Millisecond);
                        _network.Loss = 0;
                    }
                );
            }
        );
    }
}
