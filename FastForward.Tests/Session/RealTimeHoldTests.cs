using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>Real-time messages that arrive before others of their stream: what waits, and for how long.</summary>
[TestFixture]
public sealed class RealTimeHoldTests
{
    private const long Millisecond = 1_000;
    private const long Period = 60 * Millisecond;

    private IncomingRealTime _in = null!;

    [SetUp]
    public void SetUp() => _in = new IncomingRealTime();

    [Test]
    public void What_arrives_in_order_never_waits()
    {
        for (ulong sequence = 0; sequence < 100; sequence++)
        {
            _in.Arrive((long)sequence * Period, sequence);
            Assert.That(_in.Events.Messages, Has.Count.EqualTo((int)sequence + 1), "in the same call");
        }

        Assert.That(_in.Receiver.NextRelease, Is.EqualTo(long.MaxValue));
        Assert.That(_in.Statistics.HeldMessages, Is.Zero);
    }

    [Test]
    public void What_overtook_others_is_delivered_directly_behind_them()
    {
        _in.Arrive(0, 0);
        _in.Arrive(50 * Millisecond, 3, sentAt: 45 * Millisecond);
        _in.Arrive(51 * Millisecond, 2, sentAt: 40 * Millisecond);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0 }));
        _in.Arrive(52 * Millisecond, 1, sentAt: 35 * Millisecond);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 1, 2, 3 }));
        _in.CheckContents();
        Assert.That(_in.Gaps(), Is.Zero);
        Assert.That(_in.Receiver.NextRelease, Is.EqualTo(long.MaxValue), "nothing waits any more");
        Assert.That((_in.Statistics.HeldMessages, _in.Statistics.FilledGaps), Is.EqualTo((2, 1)));
    }

    [TestCase(120)]
    [TestCase(40)]
    [TestCase(5)]
    [TestCase(1000)]
    public void It_is_released_before_it_is_too_late_itself(int budgetMillis)
    {
        _in.Arrive(0, 0, budgetMillis: budgetMillis);
        _in.Arrive(2 * Millisecond, 2, sentAt: 1 * Millisecond, budgetMillis: budgetMillis);
        List<long> released = _in.RunUntil(2_000 * Millisecond);
        Assert.That(released, Has.Count.EqualTo(1));
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 2 }));
        Assert.That(released[0], Is.LessThan((1 + budgetMillis) * Millisecond), "its deadline");
        Assert.That(_in.Events.Messages[1].Skipped, Is.EqualTo(1));
        Assert.That((_in.Statistics.LateMessages, _in.Statistics.SkippedMessages), Is.EqualTo((0, 1)));
    }

    [Test]
    public void It_is_released_when_the_missing_one_would_be_too_late()
    {
        for (ulong sequence = 0; sequence < 5; sequence++)
            _in.Arrive((long)sequence * Period, sequence);
        long sent = 6 * Period;
        _in.Arrive(sent, 6);
        List<long> released = _in.RunUntil(2 * sent);
        // Number 5 was sent a period earlier than 6, so that its budget of 120 ms ends 60 ms after 6 was sent.
        Assert.That(released, Is.EqualTo(new[] { sent + (120 * Millisecond) - Period }));
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 1, 2, 3, 4, 6 }));
    }

    [Test]
    public void A_message_that_comes_at_its_last_moment_is_delivered()
    {
        for (ulong sequence = 0; sequence < 5; sequence++)
            _in.Arrive((long)sequence * Period, sequence);
        long sent = 6 * Period;
        _in.Arrive(sent, 6);
        long last = sent - Period + (120 * Millisecond) - 1;
        _in.RunUntil(last);
        _in.Arrive(last, 5, sentAt: sent - Period);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 1, 2, 3, 4, 5, 6 }));
        Assert.That(_in.Statistics.LateMessages, Is.Zero);
    }

    [Test]
    public void Several_gaps_end_each_at_its_own_time_and_are_told_once()
    {
        _in.Arrive(0, 0);
        _in.Arrive(10 * Millisecond, 3);
        _in.Arrive(20 * Millisecond, 4);
        _in.Arrive(30 * Millisecond, 7);
        List<long> released = _in.RunUntil(1_000 * Millisecond);
        Assert.That(released, Has.Count.EqualTo(2));
        Assert.That(released[1] - released[0], Is.EqualTo(20 * Millisecond));
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 3, 4, 7 }));
        Assert.That(_in.Events.Messages.Select(static message => message.Skipped), Is.EqualTo(new[] { 0, 2, 0, 2 }));
        Assert.That(_in.Statistics.SkippedMessages, Is.EqualTo(4));
    }

    [Test]
    public void Several_gaps_between_messages_sent_at_once_end_together()
    {
        _in.Arrive(0, 0);
        for (ulong sequence = 2; sequence <= 8; sequence += 2)
            _in.Arrive(10 * Millisecond, sequence);
        Assert.That(_in.Receiver.NextRelease, Is.EqualTo(120 * Millisecond));
        _in.Receiver.Release(120 * Millisecond);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 2, 4, 6, 8 }));
        Assert.That(_in.Receiver.NextRelease, Is.EqualTo(long.MaxValue));
    }

    [TestCase(100, 110)]
    [TestCase(0, 110)]
    [TestCase(150, 11)]
    public void Where_nothing_can_come_again_in_time_only_what_was_overtaken_is_waited_for(int roundTrip, int wait)
    {
        _in.Path = new FrameArrival { Slowest = 11 * Millisecond, RoundTrip = roundTrip * Millisecond };
        _in.Arrive(0, 0);
        long sent = 2 * Period;
        _in.Arrive(sent + (5 * Millisecond), 2, sent);
        Assert.That(_in.RunUntil(2 * sent), Is.EqualTo(new[] { sent + (wait * Millisecond) }));
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 2 }));
    }

    [Test]
    public void How_long_it_waited_at_its_sender_does_not_shorten_the_wait()
    {
        _in.Path = new FrameArrival { Slowest = 11 * Millisecond, RoundTrip = 150 * Millisecond };
        _in.Arrive(0, 0);
        long left = 2 * Period;
        _in.Arrive(left, 2, ageMicros: 40 * 64 * 15); // 38 ms
        _in.Arrive(left + (2 * Millisecond), 1, left, ageMicros: 60 * 64 * 15);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That(_in.Statistics.LateMessages, Is.Zero);
    }

    [Test]
    public void What_is_slower_than_what_it_could_wait_for_does_not_wait()
    {
        _in.Path = new FrameArrival { Slowest = 11 * Millisecond, RoundTrip = 150 * Millisecond };
        _in.Arrive(0, 0);
        _in.Arrive((2 * Period) + (12 * Millisecond), 2, 2 * Period);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 2 }));
    }

    [Test]
    public void Where_the_peer_sends_copies_they_are_waited_for_whatever_the_round_trip()
    {
        _in.Path = new FrameArrival { Slowest = 11 * Millisecond, RoundTrip = 150 * Millisecond };
        _in.Arrive(0, 0);
        _in.Arrive(8 * Millisecond, 0, 0, bits: MessageBits.Repeat);
        _in.Arrive(2 * Period, 2);
        _in.RunUntil((2 * Period) + (20 * Millisecond));
        _in.Arrive((2 * Period) + (20 * Millisecond), 1, Period + (8 * Millisecond), bits: MessageBits.Repeat);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 1, 2 }));
    }

    [Test]
    public void What_waited_while_this_process_stood_still_is_not_delivered_when_a_path_in_order_ends_the_wait()
    {
        _in.Arrive(0, 0);
        _in.Arrive(10 * Millisecond, 2);
        _in.Arrive(5_000 * Millisecond, 3, isOrdered: true);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 3 }));
        Assert.That(_in.Events.Messages[1].Skipped, Is.EqualTo(2));
        Assert.That((_in.Statistics.LateMessages, _in.Statistics.SkippedMessages), Is.EqualTo((1, 2)));
    }

    [Test]
    public void A_late_message_is_dropped_and_its_place_told()
    {
        _in.Arrive(0, 0);
        _in.Arrive(Period + (121 * Millisecond), 1, sentAt: Period);
        _in.Arrive(3 * Period, 2);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 2 }));
        Assert.That(_in.Events.Messages[1].Skipped, Is.EqualTo(1));
        Assert.That((_in.Statistics.LateMessages, _in.Statistics.SkippedMessages), Is.EqualTo((1, 1)));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void A_late_last_message_still_ends_its_stream(bool overtakes)
    {
        _in.Arrive(0, 0);
        _in.Arrive(300 * Millisecond, overtakes ? 2ul : 1, sentAt: 100 * Millisecond, bits: MessageBits.End);
        _in.RunUntil(1_000 * Millisecond);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0 }));
        Assert.That(
            _in.Events.Ends,
            Is.EqualTo(new[] { new StreamEnd(2, 1, StreamEndReason.Ended) { SkippedBefore = overtakes ? 2ul : 1 } })
        );
        Assert.That(_in.Statistics.LateMessages, Is.EqualTo(1));
    }

    [Test]
    public void What_was_too_late_is_not_delivered_when_it_comes_again()
    {
        _in.Arrive(0, 0);
        _in.Arrive(200 * Millisecond, 1, sentAt: 50 * Millisecond);
        _in.Arrive(201 * Millisecond, 1, sentAt: 200 * Millisecond);
        _in.Arrive(202 * Millisecond, 3, sentAt: 190 * Millisecond);
        _in.Arrive(203 * Millisecond, 4, sentAt: 82 * Millisecond); // late, and waits for its turn
        _in.Arrive(204 * Millisecond, 4, sentAt: 203 * Millisecond);
        _in.Arrive(205 * Millisecond, 2, sentAt: 180 * Millisecond);
        _in.Arrive(206 * Millisecond, 5);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 2, 3, 5 }));
        Assert.That(_in.Gaps(), Is.EqualTo(2));
        Assert.That(_in.Statistics.SkippedMessages, Is.EqualTo(2));
    }

    [Test]
    public void When_even_the_one_that_waits_is_too_late_the_missing_one_is_not_waited_for()
    {
        _in.Arrive(0, 0);
        _in.Arrive(200 * Millisecond, 2, sentAt: 50 * Millisecond);
        _in.Arrive(201 * Millisecond, 3);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 3 }));
        Assert.That(_in.Gaps(), Is.EqualTo(2));
        Assert.That(_in.Statistics.LateMessages, Is.EqualTo(1));
    }

    [Test]
    public void A_stream_whose_messages_come_closer_together_loses_one_at_most()
    {
        for (ulong sequence = 0; sequence < 5; sequence++)
            _in.Arrive((long)sequence * 200 * Millisecond, sequence);
        // One that was sent 200 ms before another could not come in time any more. These two were sent at once.
        for (ulong sequence = 5; sequence < 15; sequence += 2)
        {
            long now = (long)sequence * 200 * Millisecond;
            _in.Arrive(now + 1, sequence + 1, sentAt: now);
            _in.Arrive(now + 2, sequence, sentAt: now);
        }

        Assert.That(_in.Delivered(), Is.EqualTo(Enumerable.Range(0, 15).Where(static number => number != 5)));
    }

    [Test]
    public void Without_a_budget_nothing_is_late_and_nothing_waits_longer_than_250_ms()
    {
        _in.Arrive(0, 0, budgetMillis: 0);
        _in.Arrive(5_000 * Millisecond, 1, sentAt: 0, budgetMillis: 0);
        long arrived = 5_010 * Millisecond;
        _in.Arrive(arrived, 3, budgetMillis: 0);
        List<long> released = _in.RunUntil(10_000 * Millisecond);
        Assert.That(released, Has.Count.EqualTo(1));
        Assert.That(released[0] - arrived, Is.LessThanOrEqualTo(250 * Millisecond));
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 1, 3 }));
        Assert.That(_in.Statistics.LateMessages, Is.Zero);
    }

    [Test]
    public void On_an_ordered_path_nothing_waits()
    {
        _in.Arrive(0, 0, isOrdered: true);
        _in.Arrive(1, 5, isOrdered: true);
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 5 }));
        Assert.That(_in.Events.Messages[1].Skipped, Is.EqualTo(4));
        Assert.That(_in.Receiver.NextRelease, Is.EqualTo(long.MaxValue));
    }

    [TestCase(4ul, new[] { 0, 2, 4 })] // behind all that waits
    [TestCase(1ul, new[] { 0, 1, 2 })] // fills the gap
    [TestCase(3ul, new[] { 0, 2, 3, 5 })] // between
    public void What_waits_is_delivered_when_an_ordered_path_takes_over(ulong sequence, int[] delivered)
    {
        _in.Arrive(0, 0);
        _in.Arrive(1, 2);
        if (sequence == 3)
            _in.Arrive(2, 5);
        _in.Arrive(3, sequence, isOrdered: true);
        _in.RunUntil(1_000 * Millisecond);
        Assert.That(_in.Delivered(), Is.EqualTo(delivered));
        Assert.That(_in.Gaps(), Is.EqualTo((ulong)(delivered[^1] + 1 - delivered.Length)));
        Assert.That(_in.Receiver.NextRelease, Is.EqualTo(long.MaxValue));
        _in.CheckContents();
    }

    [Test]
    public void Duplicates_are_counted_as_duplicates_and_not_as_late()
    {
        _in.Arrive(0, 0);
        _in.Arrive(300 * Millisecond, 0, sentAt: 0); // it was delivered
        _in.Arrive(301 * Millisecond, 2);
        _in.Arrive(302 * Millisecond, 2, sentAt: 301 * Millisecond); // it waits
        _in.Arrive(303 * Millisecond, 4, sentAt: 100 * Millisecond); // late, waits for its turn
        _in.Arrive(304 * Millisecond, 4, sentAt: 100 * Millisecond);
        Assert.That((_in.Statistics.DuplicateMessages, _in.Statistics.LateMessages), Is.EqualTo((3, 1)));
        _in.RunUntil(1_000 * Millisecond);
        _in.Arrive(1_000 * Millisecond, 1); // its place was passed
        _in.Arrive(1_001 * Millisecond, 2);
        Assert.That((_in.Statistics.DuplicateMessages, _in.Statistics.LateMessages), Is.EqualTo((4, 2)));
        Assert.That(_in.Delivered(), Is.EqualTo(new[] { 0, 2 }));
    }

    [Test]
    public void Duplicates_of_long_ago_are_no_late_messages()
    {
        for (ulong i = 0; i < 200; i++)
            _in.Arrive((long)i * Millisecond, i);
        _in.Arrive(200 * Millisecond, 0, sentAt: 0);
        Assert.That((_in.Statistics.DuplicateMessages, _in.Statistics.LateMessages), Is.EqualTo((1, 0)));
        _in.Arrive(201 * Millisecond, 201, isOrdered: true); // 200 is passed
        for (ulong i = 202; i < 400; i++)
            _in.Arrive((long)i * Millisecond, i);
        _in.Arrive(400 * Millisecond, 202, sentAt: 202 * Millisecond);
        Assert.That((_in.Statistics.DuplicateMessages, _in.Statistics.LateMessages), Is.EqualTo((2, 0)));
        _in.Arrive(401 * Millisecond, 200, sentAt: 200 * Millisecond);
        Assert.That((_in.Statistics.DuplicateMessages, _in.Statistics.LateMessages), Is.EqualTo((2, 1)));
    }
}
