using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Recovery;

namespace FastForward.Tests.Session;

/// <summary>
/// Voice over the network profiles that operators meet: what is missing at last, what that costs, and what is delayed.
/// </summary>
[TestFixture]
public sealed class RealTimeProfileTests
{
    private const long Second = 1_000_000;
    private const long Settling = 15 * Second;

    [TestCase(120, 0.002)]
    [TestCase(250, 0.0001)]
    public void Bad_wan(int budgetMillis, double most)
    {
        Voice voice = new(budgetMillis) { Way = static () => DatagramWay.BadWan };
        Assert.That(voice.Run().Missing, Is.LessThanOrEqualTo(most));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Typical_and_busy(bool busy)
    {
        Voice voice = new(120)
        {
            Way = busy ? static () => DatagramWay.Busy : static () => DatagramWay.Typical,
            Streams = busy ? 100 : 20,
        };
        Assert.That(voice.Run().Missing, Is.LessThanOrEqualTo(0.0001));
    }

    private sealed record Outcome(double Missing, double Extra);

    private sealed class Voice(int budgetMillis)
    {
        public required Func<DatagramWay> Way { get; init; }

        public int Streams { get; init; } = 20;

        public int Seconds { get; init; } = 60;

        public int Seeds { get; init; } = 4;

        public Outcome Run()
        {
            long sent = 0;
            long missing = 0;
            long extra = 0;
            DelayHistogram added = new();
            for (int seed = 0; seed < Seeds; seed++)
            {
                SimulatedNetwork network = new(seed);
                DatagramWay forth = network.Ways[(1, 2)] = Way();
                network.Ways[(2, 1)] = Way();
                (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip);
                Talk(network, a, Settling);
                (long sentBefore, long skippedBefore, long extraBefore) = Read(a, b);
                Talk(network, a, Seconds * Second);
                network.Run(network.Now + Second);
                (long sentAfter, long skippedAfter, long extraAfter) = Read(a, b);
                sent += sentAfter - sentBefore;
                missing += skippedAfter - skippedBefore;
                extra += extraAfter - extraBefore;
                CopyPolicy policy = a.Peer(2).Association.Sender.CopyPolicy;
                NodeStatistics at = b.Statistics;
                TestContext.Out.WriteLine(
                    $"seed {seed}: {policy.Reason} {policy.Copies} copies after {policy.Delay} us, {policy.Quality}\n"
                        + $"  repeated {a.Statistics.RepeatedMessages}, copied {a.Statistics.CopiedMessages}, given up "
                        + $"{a.Statistics.LostMessages}; held {at.HeldMessages} p50 "
                        + $"{b.Peer(1).Association.Receiver.HoldTimes.Quantile(50)} p99 "
                        + $"{b.Peer(1).Association.Receiver.HoldTimes.Quantile(99)}, filled {at.FilledGaps}, saved "
                        + $"{at.SavedMessages}, late {at.LateMessages}, duplicates {at.DuplicateMessages}; datagrams "
                        + $"{forth.Datagrams} bytes {forth.Bytes}"
                );
                Ledger.Check($"seed {seed}", [a.Journal, b.Journal]);
            }

            Outcome outcome = new((double)missing / sent, (double)extra / sent);
            TestContext.Out.WriteLine($"{missing} of {sent} missing = {outcome.Missing:P4}, {outcome.Extra:P1} extra");
            return outcome;
        }

        private static (long Sent, long Skipped, long Extra) Read(SimulatedNode a, SimulatedNode b) =>
            (
                a.Statistics.MessagesSent,
                b.Statistics.SkippedMessages,
                a.Statistics.RepeatedMessages + a.Statistics.CopiedMessages
            );

        private void Talk(SimulatedNetwork network, SimulatedNode a, long time)
        {
            long begin = network.Now;
            for (int stream = 0; stream < Streams; stream++)
            {
                ulong id = (ulong)stream;
                for (long at = network.Random.NextInt64(60_000); at < time; at += 60_000)
                {
                    network.At(
                        begin + at,
                        () => a.Journal.Send(2, id, MessageClass.RealTime, 55, payload => Send(network, a, id, payload))
                    );
                }
            }

            network.Run(begin + time);
        }

        private SendResult Send(SimulatedNetwork network, SimulatedNode a, ulong id, ReadOnlySpan<byte> payload)
        {
            SendResult result = a.Peer(2)
                .Send(
                    network.Now,
                    id,
                    MessageClass.RealTime,
                    payload,
                    end: false,
                    realTimeBudget: budgetMillis * 1_000
                );
            a.QueuePump();
            return result;
        }
    }
}
