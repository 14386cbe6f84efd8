using CsCheck;
using FastForward.Transport.Buffers;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>Unit tests of the small parts of a session.</summary>
[TestFixture]
public sealed class SessionPartTests
{
    [Test]
    public void The_replay_window_accepts_what_a_model_accepts()
    {
        // Increasing numbers with jumps in both directions, of the order of the window size.
        Gen.Select(Gen.ULong[0, 50_000], Gen.Int[-10_000, 11_000].List[1, 400])
            .Sample(
                (start, steps) =>
                {
                    ReplayWindow window = new();
                    HashSet<ulong> taken = [];
                    ulong next = 0,
                        number = start;
                    foreach (int step in steps)
                    {
                        number = (ulong)Math.Max((long)number + step, 0);
                        bool fits = number >= next || next - number <= ReplayWindow.DefaultSize;
                        Assert.That(
                            TryTake(window, number),
                            Is.EqualTo(fits && taken.Add(number)),
                            $"number {number}, next {next}"
                        );
                        next = Math.Max(next, number + 1);
                    }
                },
                iter: 2000
            );
    }

    [Test]
    public void The_replay_window_handles_the_highest_numbers()
    {
        ReplayWindow window = new();
        Assert.That(TryTake(window, 5), Is.True);
        Assert.That(TryTake(window, ulong.MaxValue), Is.False, "no number could follow it");
        Assert.That(TryTake(window, 5), Is.False);
        Assert.That(TryTake(window, ulong.MaxValue - 1), Is.True);
        Assert.That(TryTake(window, ulong.MaxValue - 1), Is.False);
        Assert.That(TryTake(window, 6), Is.False, "too old");
    }

    private static bool TryTake(ReplayWindow window, ulong number)
    {
        if (window.Check(number) != ReplayCheck.Fresh)
            return false;
        window.Commit(number);
        return true;
    }

    [Test]
    public void Ended_streams_discard_the_oldest_entry_and_keep_the_first_per_stream()
    {
        EndedStreams<int> ended = new(3);
        for (ulong stream = 0; stream < 3; stream++)
            ended.Add(stream, 1);
        ended.Add(1, 2);
        Assert.That(ended.TryGet(1, out int value), Is.True);
        Assert.That(value, Is.EqualTo(1));
        ended.Set(1, 3);
        ended.Set(77, 3);
        Assert.That(ended.Contains(0), Is.False);
        Assert.That(ended.TryGet(77, out value) && value == 3, Is.True);
        Assert.That(ended.TryGet(1, out value) && value == 3, Is.True);
        for (ulong stream = 100; stream < 200; stream++)
            ended.Add(stream, 0);
        Assert.That(Enumerable.Range(0, 200).Count(stream => ended.Contains((ulong)stream)), Is.EqualTo(3));
    }

    [Test]
    public void The_buffer_pool_reuses_by_size_and_respects_its_limit()
    {
        BufferPool pool = new(keepBytes: 1000);
        byte[] small = pool.Rent(64);
        byte[] large = pool.Rent(65);
        Assert.That((small.Length, large.Length), Is.EqualTo((64, 128)));
        Assert.That((pool.Rent(0).Length, pool.Rent(65_536).Length), Is.EqualTo((0, 65_536)));
        pool.Return(small);
        Assert.That(pool.Rent(65), Is.Not.SameAs(small));
        Assert.That(pool.Rent(3), Is.SameAs(small));
        byte[] tooMuch = pool.Rent(4096);
        pool.Return(tooMuch);
        Assert.That(pool.Rent(4096), Is.Not.SameAs(tooMuch));
    }

    [Test]
    public void A_returned_message_is_reused_without_its_previous_content()
    {
        OutgoingMessagePool pool = new(keepBytes: 1000);
        OutgoingMessage first = pool.Rent("abcdef"u8);
        first.Kind = OutgoingKind.EndMark;
        first.IsEnd = true;
        byte[] buffer = first.Buffer;
        pool.Return(first);
        OutgoingMessage again = pool.Rent("xyz"u8);
        Assert.That(again, Is.SameAs(first));
        Assert.That(again.Buffer, Is.SameAs(buffer));
        Assert.That(again.Payload.ToArray(), Is.EqualTo("xyz"u8.ToArray()));
        Assert.That(
            (again.Kind, again.IsEnd, again.Next),
            Is.EqualTo((OutgoingKind.Message, false, null as OutgoingMessage))
        );
        Assert.That(pool.Rent([]).Buffer, Is.Empty);
        OutgoingMessage tooMuch = pool.Rent(new byte[4096]);
        pool.Return(tooMuch);
        Assert.That(pool.Rent(new byte[4096]), Is.Not.SameAs(tooMuch));
    }

    [Test]
    public void Unanswered_probes_in_a_row_are_counted_and_a_reply_resets_the_count()
    {
        PathProber prober = new(0);
        prober.Start(0, 100);
        uint id = prober.Take(0);
        Assert.That(prober.OnReply(30, id, 10, out _), Is.EqualTo(20));
        for (long now = 100; now <= 400; now += 100)
        {
            prober.OnDue(now);
            prober.Take(now);
        }

        Assert.That(prober.Missed, Is.EqualTo(PathProber.SuspectAfter));
        Assert.That(prober.OnReply(410, 99, 0, out _), Is.EqualTo(-1), "a reply without a probe");
        Assert.That(prober.Missed, Is.EqualTo(PathProber.SuspectAfter));
        Assert.That(prober.OnReply(410, 4, 0, out _), Is.EqualTo(10));
        Assert.That(prober.Missed, Is.Zero);
    }

    [Test]
    public void A_reply_with_a_delay_above_the_round_trip_time_is_valid_and_answers_a_challenge()
    {
        PathProber prober = new(0);
        prober.Challenge(0);
        prober.OnDue(0);
        uint id = prober.Take(0);
        Assert.That(prober.OnReply(10, id, 11, out bool challengeAnswered), Is.Zero);
        Assert.That(challengeAnswered, Is.True);
        Assert.That(prober.IsChallenged, Is.False);
    }

    [Test]
    public void An_unanswered_challenge_fails_within_one_interval()
    {
        PathProber prober = new(0);
        prober.Start(0, 900);
        prober.Take(0);
        prober.Challenge(1000);
        long now = 1000;
        while (prober.Missed < PathProber.SuspectAfter)
        {
            now = prober.Due;
            prober.OnDue(now);
            prober.Take(now);
        }

        Assert.That(now, Is.EqualTo(1900));
    }

    [Test]
    public void Round_trip_and_jitter_match_their_formulas()
    {
        PathMeasurement measurement = new();
        measurement.AddRoundTrip(-5);
        Assert.That(measurement.SmoothedRoundTrip, Is.Zero);
        measurement.AddRoundTrip(800);
        Assert.That((measurement.SmoothedRoundTrip, measurement.RoundTripVariation), Is.EqualTo((800, 400)));
        measurement.AddRoundTrip(17_000);
        measurement.AddRoundTrip(800);
        measurement.AddRoundTrip(900);
        Assert.That(
            (measurement.SmoothedRoundTrip, measurement.RoundTripVariation),
            Is.EqualTo((800, 400)),
            "the first samples are those of code that is still being compiled: the shortest counts"
        );
        measurement.AddRoundTrip(1600);
        Assert.That((measurement.SmoothedRoundTrip, measurement.RoundTripVariation), Is.EqualTo((900, 500)));

        // Unsynchronised clocks that wrap around: constant transit times give no jitter, alternating ones converge to
        // their difference.
        for (uint i = 0; i < 100; i++)
            measurement.AddArrival(i * 1000, (uint)(i * 1000) - 3_000_000_000);
        Assert.That(measurement.Jitter, Is.Zero);
        for (uint i = 100; i < 400; i++)
            measurement.AddArrival((i * 1000) + (i % 2 * 160), (uint)(i * 1000) - 3_000_000_000);
        Assert.That(measurement.Jitter, Is.InRange(150, 160));
    }
}
