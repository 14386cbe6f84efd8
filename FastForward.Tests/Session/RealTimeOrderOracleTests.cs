using CsCheck;

namespace FastForward.Tests.Session;

/// <summary>
/// The receiver's order of real-time messages, against an oracle that knows only the definition and all arrivals.
/// CsCheck prints the seed of a failure.
/// </summary>
[TestFixture]
public sealed class RealTimeOrderOracleTests
{
    private const long Millisecond = 1_000;

    private sealed record Arrival(long At, ulong Sequence, long SentAt);

    [TestCase(120, 60, 100)]
    [TestCase(120, 60, 300)]
    [TestCase(120, 5, 100)]
    [TestCase(40, 20, 80)]
    [TestCase(250, 0, 400)]
    [TestCase(120, 400, 200)]
    public void Streams_that_are_lost_repeated_and_reordered(int budget, int period, int jitter)
    {
        // Of each message: whether it is lost, how long it travels too long, when a copy leaves, and how long that
        // travels.
        Gen.Select(Gen.Int[0, 99], Gen.Int[0, jitter * 1_000], Gen.Int[0, 60_000], Gen.Int[0, jitter * 1_000])
            .Array[1, 60]
            .Sample(
                messages =>
                {
                    List<Arrival> arrivals = [];
                    for (int i = 0; i < messages.Length; i++)
                    {
                        (int fate, int travels, int copied, int copyTravels) = messages[i];
                        long sent = i * period * Millisecond;
                        if (fate >= 15)
                            arrivals.Add(new Arrival(sent + travels, (ulong)i, sent));
                        if (fate % 3 == 0)
                            arrivals.Add(new Arrival(sent + copied + copyTravels, (ulong)i, sent));
                    }

                    arrivals = [.. arrivals.OrderBy(static arrival => arrival.At)];
                    Check(arrivals, budget, stream: 7);
                },
                iter: 400,
                threads: 1
            );
    }

    private static void Check(List<Arrival> arrivals, int budgetMillis, ulong stream)
    {
        IncomingRealTime incoming = new();
        List<(long At, ulong Sequence)> delivered = [];
        long now = 0;
        incoming.Events.OnMessage = (_, _, _) => delivered.Add((now, incoming.Events.Messages[^1].Sequence));
        foreach (Arrival arrival in arrivals)
        {
            RunUntil(arrival.At);
            now = arrival.At;
            incoming.Arrive(now, arrival.Sequence, arrival.SentAt, stream: stream, budgetMillis: budgetMillis);
        }

        RunUntil(long.MaxValue - 1);
        new Oracle(arrivals, budgetMillis * Millisecond).Check(delivered);
        ulong[] sequences = incoming.Delivered(stream);
        ulong next = sequences.Length == 0 ? 0 : sequences[^1] + 1;
        Assert.That(incoming.Gaps(stream) + (ulong)sequences.Length, Is.EqualTo(next), "each place is told once");
        Assert.That(incoming.Statistics.SkippedMessages, Is.GreaterThanOrEqualTo((long)incoming.Gaps(stream)));
        Assert.That(incoming.Receiver.HeldBytes, Is.Zero);
        incoming.CheckContents();

        void RunUntil(long time)
        {
            while (incoming.Receiver.NextRelease is long due && due <= time)
            {
                now = Math.Max(now, due);
                incoming.Receiver.Release(now);
            }
        }
    }

    /// <summary>What must and must not be delivered, as far as the definition says.</summary>
    private sealed class Oracle(List<Arrival> arrivals, long budget)
    {
        // A message may be delivered so much before it would be too late, because those who wait for it need time.
        private const long Margin = 10 * Millisecond;

        public void Check(List<(long At, ulong Sequence)> delivered)
        {
            Assert.That(
                delivered.Select(static one => one.Sequence),
                Is.Ordered.Ascending.And.Unique,
                "in order, none twice"
            );
            HashSet<ulong> sequences = [.. delivered.Select(static one => one.Sequence)];
            foreach ((long at, ulong sequence) in delivered)
            {
                Arrival first = First(sequence);
                Assert.That(at, Is.GreaterThanOrEqualTo(first.At), $"{sequence} before it arrived");
                Assert.That(at - first.SentAt, Is.LessThanOrEqualTo(budget), $"{sequence} too late");
                // Nothing waits but for a message that is missing.
                if (at == first.At)
                    continue;
                long predecessors = arrivals
                    .Where(one => one.Sequence < sequence && sequences.Contains(one.Sequence))
                    .Select(one => First(one.Sequence).At)
                    .DefaultIfEmpty(long.MinValue)
                    .Max();
                bool isBehindAll = sequences.Count(one => one < sequence) == (int)sequence;
                if (isBehindAll)
                    Assert.That(
                        at,
                        Is.LessThanOrEqualTo(Math.Max(first.At, predecessors)),
                        $"{sequence} waits for none"
                    );
            }

            foreach (ulong sequence in arrivals.Select(static one => one.Sequence).Distinct())
            {
                if (MustBeDelivered(First(sequence)))
                    Assert.That(sequences, Does.Contain(sequence), "it came in time");
            }
        }

        // It arrives in time, and before any message behind it has to be delivered: at the earliest when the missing
        // one would be too late, as far as its receiver can know that, or a margin before it is too late itself.
        private bool MustBeDelivered(Arrival message)
        {
            long left = Math.Min(budget / 8, Margin);
            if (message.At - message.SentAt > budget - left)
                return false;
            return arrivals
                .Where(one => one.Sequence > message.Sequence && one.At < message.At)
                .All(one => message.At < Math.Min(one.SentAt, message.SentAt) + budget - left);
        }

        private Arrival First(ulong sequence) => arrivals.First(one => one.Sequence == sequence);
    }
}
