using System.Buffers.Binary;
using FastForward.Tests.Node;
using FastForward.Transport;

namespace FastForward.Tests.Lab;

/// <summary>Real-time messages over a path that loses and reorders packets: exactly the gaps are reported.</summary>
[Category("Lab")]
public sealed class RealTimeOverLossTests
{
    private const int Streams = 8;
    private const int Places = 400;
    private const int PayloadLength = 200;
    private const int MessagesPerFrame = 1200 / PayloadLength; // at most: a frame has 1200 bytes
    private const long PauseMicros = 5_000;
    private const double MoreThanIsRepaired = 10; // percent

    private static IEnumerable<Netem> Paths =>
        [
            new() { LossPercent = 2, DelayMillis = 5 },
            new()
            {
                LossPercent = 10,
                DelayMillis = 20,
                JitterMillis = 10,
                DuplicatePercent = 2,
            },
            new() { LossPercent = 30 },
        ];

    [SetUp]
    public void SetUp() => Requires.Lab();

    [TestCaseSource(nameof(Paths))]
    public void Delivered_plus_reported_lost_equals_sent(object parameters)
    {
        using LossyPath path = new((Netem)parameters);
        // With the offload, netem would drop a whole run as one packet.
        using NodeWorld world = new() { SegmentationOffload = false };
        TestNode near = LossyPath.At(
            LossyPath.Near,
            () => world.Start(25011, allowUnkeyed: true, address: LossyPath.Near)
        );
        TestNode far = LossyPath.At(
            LossyPath.Far,
            () => world.Start(250012, allowUnkeyed: true, address: LossyPath.Far)
        );
        near.Route(far, TransportKind.Ip);
        far.Route(near, TransportKind.Ip);
        StreamLedger[] ledgers = [.. Enumerable.Range(0, Streams).Select(static _ => new StreamLedger())];
        far.OnReceived = (in ReceivedMessage message) => ledgers[message.Stream - 1].Take(message);
        world.Until(() => near.IsConnectedTo(far) && far.IsConnectedTo(near), "both nodes connected");

        // A loss is reported with the next message: send until the receiver has accounted for all counted places.
        int[] sent = new int[Streams];
        byte[] payload = new byte[PayloadLength];
        long due = 0;
        world.Until(
            () =>
            {
                if (world.Loop.NowMicros >= due)
                {
                    due = world.Loop.NowMicros + PauseMicros;
                    for (int i = 0; i < Streams; i++)
                    {
                        BinaryPrimitives.WriteUInt64LittleEndian(payload, (ulong)sent[i]);
                        SendResult result = near.Node.Send(far.Id, (ulong)i + 1, MessageClass.RealTime, payload);
                        Assert.That(result, Is.EqualTo(new SendResult(SendStatus.Accepted, (ulong)sent[i])));
                        sent[i]++;
                    }
                }

                return ledgers.All(static ledger => ledger.Known >= Places);
            },
            $"all {Places} places of {Streams} streams delivered or reported lost"
        );

        int delivered = ledgers.Sum(static ledger => ledger.DeliveredOf(Places));
        TestContext.Progress.WriteLine(
            $"netem '{parameters}': of {Streams * Places} messages {delivered} delivered, "
                + $"{(Streams * Places) - delivered} reported lost, "
                + $"{far.Node.Statistics.LateMessages} late; {far.Node.Statistics.ReplayedFrames} frames came twice"
        );
        Assert.That(
            far.Node.Statistics.SkippedMessages,
            Is.EqualTo(ledgers.Sum(static ledger => ledger.Known - ledger.DeliveredOf(ledger.Known))),
            "the node counts the losses that it reported"
        );

        // Compared with the kernel: each message reported lost was in a packet that the path dropped, or came too late.
        long lost = far.Node.Statistics.SkippedMessages,
            late = far.Node.Statistics.LateMessages,
            drops = LossyPath.DropsFrom(LossyPath.Near);
        Assert.That(drops, Is.Positive, "the path lost something");
        if (((Netem)parameters).LossPercent >= MoreThanIsRepaired)
            Assert.That(delivered, Is.LessThan(Streams * Places), "it lost more than can be sent again in time");
        Assert.That(
            lost,
            Is.LessThanOrEqualTo((drops * MessagesPerFrame) + late),
            $"{drops} packets lost, {late} messages late"
        );
        Assert.That(far.Ends, Is.Empty);
    }
}
