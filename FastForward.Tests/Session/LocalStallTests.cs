using FastForward.Tests.Traffic;
using FastForward.Transport;

namespace FastForward.Tests.Session;

/// <summary>
/// One process does not run for a while, as in a garbage collection or after SIGSTOP: this is told from silence of the
/// peer, nothing stale comes out afterwards, and nothing reliable is lost.
/// </summary>
[TestFixture]
public sealed class LocalStallTests
{
    private const long Second = 1_000_000;
    private const long Budget = 120_000;

    [Test]
    public void A_process_that_stood_still_goes_on_as_if_it_had_not(
        [Values(TransportKind.Ip, TransportKind.Socket)] TransportKind kind,
        [Values(5, 20)] int seconds,
        [Values] bool sender
    )
    {
        SimulatedNetwork network = new(seconds) { MinDelay = 5_000, MaxDelay = 15_000 };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(kind);
        Dictionary<ulong, long> sentAt = [];
        List<long> delays = [];
        b.Recorder.OnMessage = (_, stream, _) =>
        {
            if (stream == 1)
                delays.Add(network.Now - sentAt[b.Recorder.Messages[^1].Sequence]);
        };
        long begin = network.Now;
        for (long at = 0; at < (seconds + 10) * Second; at += 20_000)
        {
            network.At(
                begin + at,
                () =>
                {
                    if (network.Now < a.PausedUntil)
                        return; // its application stands still, too
                    SendResult voice = a.SendNumbered(2, 1, MessageClass.RealTime, 55);
                    if (voice.IsAccepted)
                        sentAt[voice.Sequence] = network.Now;
                    a.SendNumbered(2, 2, MessageClass.Reliable, 200);
                }
            );
        }

        network.Run(begin + (5 * Second));
        (sender ? a : b).Pause(seconds * Second);
        network.Run(begin + ((seconds + 10) * Second));
        Assert.That(network.RunUntil(() => !a.Peer(2).Association.HasWaitingReliable, 10 * Second), Is.True);

        Assert.That(
            a.Recorder.Changes.Concat(b.Recorder.Changes).Select(static change => change.Kind),
            Has.None.EqualTo(PeerEventKind.Lost)
        );
        Assert.That(delays, Has.All.LessThanOrEqualTo(Budget + network.MaxDelay), "nothing stale comes out");
        Assert.That(a.Statistics.UndeliveredMessages, Is.Zero.Or.EqualTo(Expired(a)), "only real-time messages expire");
        long voices = sentAt.Count;
        Assert.That(b.Statistics.SkippedMessages + delays.Count, Is.EqualTo(voices), "each gap is told");
        Assert.That(delays, Has.Count.GreaterThan(voices - (seconds * 50) - 50));
        TestContext.Out.WriteLine(
            $"{voices} voice messages, {delays.Count} delivered, {b.Statistics.LateMessages} late"
        );
        Ledger.Check($"{kind} {seconds} {sender}", [a.Journal, b.Journal]);
    }

    private static long Expired(SimulatedNode node) => node.Peer(2).Statistics.Undelivered(UndeliveredReason.Expired);
}
