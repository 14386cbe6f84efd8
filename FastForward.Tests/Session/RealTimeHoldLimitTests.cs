using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>What a peer can make wait is bounded, and sequences far ahead or behind do no harm.</summary>
[TestFixture]
public sealed class RealTimeHoldLimitTests
{
    private const long Millisecond = 1_000;

    private IncomingRealTime _in = null!;

    [SetUp]
    public void SetUp() => _in = new IncomingRealTime();

    [Test]
    public void No_more_than_64_messages_wait_on_a_stream()
    {
        _in.Arrive(0, 0);
        for (ulong i = 0; i < RealTimeOrder.MaxHeld; i++)
            _in.Arrive(1, 2 + i);
        Assert.That(_in.Events.Messages, Has.Count.EqualTo(1));
        _in.Arrive(2, 2 + RealTimeOrder.MaxHeld); // one too many: the gap is given up
        Assert.That(_in.Delivered(), Is.EqualTo(Enumerable.Range(0, 67).Where(static number => number != 1)));
        Assert.That(_in.Gaps(), Is.EqualTo(1));
        Assert.That(_in.Receiver.NextRelease, Is.EqualTo(long.MaxValue));
        _in.CheckContents();
    }

    [Test]
    public void A_duplicate_of_what_waits_gives_up_no_gap()
    {
        _in.Arrive(0, 0);
        for (ulong i = 0; i < RealTimeOrder.MaxHeld; i++)
            _in.Arrive(1, 2 + i);
        _in.Arrive(2, 2 + RealTimeOrder.MaxHeld - 1);
        Assert.That(_in.Events.Messages, Has.Count.EqualTo(1));
        _in.Arrive(3, 1);
        Assert.That(_in.Events.Messages, Has.Count.EqualTo(2 + RealTimeOrder.MaxHeld));
        Assert.That((_in.Statistics.DuplicateMessages, _in.Statistics.SkippedMessages), Is.EqualTo((1, 0)));
    }

    [Test]
    public void No_more_than_a_quarter_of_the_window_waits_on_all_streams()
    {
        const int Size = 1_000;
        _in = new IncomingRealTime(static options => options with { ReceiveWindowBytes = 100 * Size });
        for (ulong stream = 0; stream < 200; stream++)
        {
            _in.Arrive(0, 0, stream: stream, size: Size);
            _in.Arrive(1, 2, stream: stream, size: Size);
        }

        Assert.That(_in.Events.Messages, Has.Count.EqualTo(400 - 25));
        _in.RunUntil(1_000 * Millisecond);
        Assert.That(_in.Events.Messages, Has.Count.EqualTo(400));
        for (ulong stream = 0; stream < 20; stream++) // and again: what is released counts no more
            _in.Arrive(2_000 * Millisecond, 5, stream: stream, size: Size);
        Assert.That(_in.Events.Messages, Has.Count.EqualTo(400));
        _in.CheckContents();
    }

    [Test]
    public void What_has_waited_leaves_nothing_behind()
    {
        // One message waits for a minute, and with it all later times of release. Others wait for a moment each.
        _in.Arrive(0, 0, budgetMillis: 65_000);
        _in.Arrive(0, 2, budgetMillis: 65_000);
        _in.Arrive(1, 0, stream: 2, budgetMillis: 65_000);
        for (ulong round = 0; round < 3_000; round++)
            Overtake(round);
        int taken = 0;
        _in.Events.OnMessage = (_, _, _) => taken++;
        const ulong Rounds = 5_000;
        for (ulong round = 3_000; round < 3_000 + Rounds; round++)
            Overtake(round);
        long times = _in.Receiver.PendingReleases;
        Assert.That(taken, Is.EqualTo(2 * Rounds));
        Assert.That(times, Is.LessThanOrEqualTo(2 * _in.Options.MaxStreams));
        Assert.That(_in.RunUntil(66_000 * Millisecond), Has.Count.EqualTo(1), "the one that waited is still released");

        void Overtake(ulong round)
        {
            _in.Arrive(2 + (long)round, (2 * round) + 2, stream: 2, budgetMillis: 65_000);
            _in.Arrive(2 + (long)round, (2 * round) + 1, stream: 2, budgetMillis: 65_000);
            _ = _in.Receiver.NextRelease; // as the loop does
        }
    }

    [Test]
    public void Jumps_of_half_the_sequence_space_do_no_harm()
    {
        _in.Arrive(0, 0);
        _in.Arrive(1, 1ul + (1ul << 31)); // as far behind as ahead: behind
        _in.Arrive(2, 1ul << 31); // as far ahead as possible
        _in.Arrive(3, 0xFFFF_FFFF);
        _in.Arrive(4, 1);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 1 }));
        _in.RunUntil(1_000 * Millisecond);
        Assert.That(_in.Delivered(), Is.EqualTo(new ulong[] { 0, 1, 1ul << 31 }));
        Assert.That(_in.Gaps(), Is.EqualTo((1ul << 31) - 2));
        Assert.That(_in.Statistics.LateMessages, Is.EqualTo(2));
    }

    [Test]
    public void Sequences_wrap_at_2_to_the_32()
    {
        const ulong Begin = 0xFFFF_FFF1;
        _in.Arrive(0, Begin - 1); // all before it is missing
        _in.Arrive(0, Begin);
        _in.RunUntil(1_000 * Millisecond);
        List<ulong> expected = [Begin - 1, Begin];
        long now = 1_000 * Millisecond;
        for (ulong sequence = Begin + 1; sequence < Begin + 40; sequence += 2, now += 500 * Millisecond)
        {
            _in.Arrive(now, sequence + 1);
            if (sequence % 8 == 2) // this one is lost
            {
                expected.Add(sequence + 1);
                _in.RunUntil(now + (200 * Millisecond));
                continue;
            }

            _in.Arrive(now + 1, sequence, sentAt: now);
            _in.Arrive(now + 2, sequence, sentAt: now);
            expected.AddRange([sequence, sequence + 1]);
        }

        Assert.That(_in.Delivered(), Is.EqualTo(expected));
        Assert.That(_in.Gaps(), Is.EqualTo(Begin + 4));
        Assert.That((_in.Statistics.DuplicateMessages, _in.Statistics.LateMessages), Is.EqualTo((15, 0)));
        _in.CheckContents();
    }
}
