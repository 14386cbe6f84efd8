using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Node;

namespace FastForward.Tests.Node;

/// <summary>The public stream API: the node allocates the ids.</summary>
[TestFixture]
public sealed class ForwardStreamTests
{
    private NodeWorld _world = null!;

    [SetUp]
    public void SetUp() => _world = new NodeWorld();

    [TearDown]
    public void TearDown() => _world.Dispose();

    [Test]
    public void Every_stream_has_an_id_of_its_own_below_its_service()
    {
        TestNode a = _world.Start(25011);
        ForwardStream[] streams =
        [
            a.Node.OpenStream(1, MessageClass.Reliable),
            a.Node.OpenStream(1, MessageClass.Reliable, 5),
            a.Node.OpenStream(1, MessageClass.RealTime, 5),
            a.Node.OpenStream(2, MessageClass.Reliable, 5),
        ];
        Assert.That(streams.Select(static stream => stream.Id), Is.Unique);
        Assert.That(streams.Select(static stream => stream.Node), Is.EqualTo(new uint[] { 1, 1, 1, 2 }));
        Assert.That(streams.Select(static stream => stream.Service.Number), Is.EqualTo(new[] { 0, 5, 5, 5 }));
        Assert.That(streams[1].Class, Is.EqualTo(MessageClass.Reliable));
        Assert.That(streams[2].Class, Is.EqualTo(MessageClass.RealTime));
    }

    [Test]
    public void A_real_time_budget_is_checked_where_it_is_set()
    {
        TestNode a = _world.Start(25011);
        ForwardStream stream = a.Node.OpenStream(1, MessageClass.RealTime);
        Assert.That(stream.RealTimeBudget, Is.Null, "that of the node");
        foreach (double millis in new double[] { 0, 1, 60_000 })
        {
            stream.RealTimeBudget = TimeSpan.FromMilliseconds(millis);
            Assert.That(stream.RealTimeBudget, Is.EqualTo(TimeSpan.FromMilliseconds(millis)));
        }

        foreach (double millis in new[] { -1, 0.5, 60_001 })
            Assert.Throws<ArgumentOutOfRangeException>(() => stream.RealTimeBudget = TimeSpan.FromMilliseconds(millis));
        ForwardStream reliable = a.Node.OpenStream(1, MessageClass.Reliable);
        Assert.Throws<InvalidOperationException>(() => reliable.RealTimeBudget = TimeSpan.Zero);
    }

    [Test]
    public void A_restarted_process_does_not_reuse_an_id()
    {
        DateTimeOffset start = DateTimeOffset.UtcNow;
        StreamNumbers first = new(start);
        HashSet<ulong> used = [];
        for (int i = 0; i < 64; i++)
            Assert.That(used.Add(first.Next(5)), Is.True);
        StreamNumbers second = new(start.AddMilliseconds(1));
        for (int i = 0; i < 1000; i++)
            Assert.That(used.Add(second.Next(5)), Is.True);
    }

    [Test]
    public void Send_end_and_reset_go_to_the_node_of_the_stream()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.Socket);
        List<ServiceId> services = [];
        b.OnReceived = (in ReceivedMessage message) => services.Add(message.Service);
        ForwardStream ended = a.Node.OpenStream(b.Id, MessageClass.Reliable, 7);
        ForwardStream reset = a.Node.OpenStream(b.Id, MessageClass.RealTime, 8);
        Assert.That(ended.End(), Is.EqualTo(SendStatus.StreamEnded), "nothing was sent");
        Assert.That(ended.Send("one"u8), Is.EqualTo(new SendResult(SendStatus.Accepted, 0)));
        Assert.That(ended.Send("two"u8), Is.EqualTo(new SendResult(SendStatus.Accepted, 1)));
        Assert.That(ended.End(), Is.EqualTo(SendStatus.Accepted));
        Assert.That(ended.Send("three"u8).Status, Is.EqualTo(SendStatus.StreamEnded));
        Assert.That(reset.Send("one"u8).IsAccepted, Is.True);
        _world.Until(() => services.Count == 3, "the messages");
        Assert.That(reset.Reset(77), Is.EqualTo(SendStatus.Accepted));
        _world.Until(() => b.Ends.Count == 2, "both ends");

        Assert.That(services, Is.EquivalentTo(new ServiceId[] { 7, 7, 8 }));
        Assert.That(
            b.Ends,
            Is.EquivalentTo([
                new StreamEnd(a.Id, ended.Id, StreamEndReason.Ended),
                new StreamEnd(a.Id, reset.Id, StreamEndReason.Reset, 77),
            ])
        );
        Assert.That(b.Ends.Select(static end => end.Service), Is.EquivalentTo(new ServiceId[] { 7, 8 }));
        Assert.That(b.Ends.Select(static end => end.Code), Is.EquivalentTo(new uint[] { 0, 77 }));
    }

    [Test]
    public void A_handler_refuses_a_stream_and_its_sender_gets_a_report()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.Socket);
        int received = 0;
        b.OnReceived = (in ReceivedMessage message) =>
        {
            received++;
            Assert.That(b.Node.RefuseStream(message.Node, message.Stream), Is.True);
        };
        ForwardStream stream = a.Node.OpenStream(b.Id, MessageClass.Reliable, 7);
        for (ulong sequence = 0; sequence < 3; sequence++)
            Assert.That(stream.Send("x"u8), Is.EqualTo(new SendResult(SendStatus.Accepted, sequence)));
        _world.Until(() => a.Reports.Count > 0, "the report");

        Undelivered report = a.Reports[0];
        Assert.That(received, Is.EqualTo(1), "nothing was delivered after the refusal");
        Assert.That((report.Node, report.Stream, report.Service), Is.EqualTo((b.Id, stream.Id, new ServiceId(7))));
        Assert.That(report.Reason, Is.EqualTo(UndeliveredReason.StreamReset));
        Assert.That(report.FirstSequence, Is.LessThanOrEqualTo(1), "the refused messages begin with the second");
        Assert.That(report.FirstSequence + report.Count, Is.EqualTo(3), "and end with the last");
        Assert.That(stream.Send("x"u8).Status, Is.EqualTo(SendStatus.StreamEnded));
        Assert.That(b.Ends, Is.Empty, "the side that refused it gets no end");
        Assert.That(b.Node.RefuseStream(99, stream.Id), Is.False, "no route leads to this node");
    }

    [Test]
    public void Replies_come_on_the_other_direction_of_the_request_stream()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.Socket);
        ForwardStream request = a.Node.OpenStream(b.Id, MessageClass.Reliable, 7);
        ForwardStream? reply = null;
        b.OnReceived = (in ReceivedMessage message) =>
        {
            reply = b.Node.OpenReply(message);
            reply.Send(message.Payload, SendOptions.End);
        };
        request.Send("ping"u8);
        _world.Until(() => a.Ends.Count == 1, "the reply");

        Assert.That(a.Messages[0].Stream, Is.EqualTo(request.OppositeId));
        Assert.That(reply!.Id, Is.EqualTo(request.OppositeId));
        Assert.That(reply.OppositeId, Is.EqualTo(request.Id));
        Assert.That(reply.Service, Is.EqualTo(new ServiceId(7).Reply));
        Assert.That((reply.Node, reply.Class), Is.EqualTo((a.Id, MessageClass.Reliable)));
        Assert.That(
            b.Node.OpenReply(a.Id, request.Id, MessageClass.RealTime).Id,
            Is.EqualTo(reply.Id),
            "one stream of replies for each stream of requests"
        );
    }

    [Test]
    public void Misuse_is_refused()
    {
        TestNode a = _world.Start(25011);
        ForwardStream stream = a.Node.OpenStream(99, MessageClass.Reliable);
        Assert.Multiple(() =>
        {
            Assert.That(() => a.Node.OpenStream(1, (MessageClass)9), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(
                () => a.Node.OpenStream(1, MessageClass.Reliable, new ServiceId(5).Reply),
                Throws.ArgumentException.With.Message.Contains("OpenReply")
            );
            Assert.That(() => a.Node.OpenReply(1, stream.OppositeId, MessageClass.Reliable), Throws.ArgumentException);
            Assert.That(stream.Send("x"u8).Status, Is.EqualTo(SendStatus.UnknownNode));
            Assert.That(stream.End(), Is.EqualTo(SendStatus.UnknownNode));
            Assert.That(stream.Reset(), Is.EqualTo(SendStatus.UnknownNode));
        });
    }

    [Test]
    public void Sending_allocates_nothing()
    {
        using ForwardLoop loop = new(new ForwardLoopOptions { FailFast = true });
        using StaticNode node = new(loop, 1);
        int received = 0;
        node.OnMessageOnly = () => received++;
        ForwardStream stream = node.Node.OpenStream(1, MessageClass.Reliable, 5);
        byte[] payload = new byte[100];
        Send(1000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Send(10_000);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(received, Is.EqualTo(11_000));

        void Send(int count)
        {
            for (int i = 0; i < count; i++)
            {
                stream.Send(payload);
                loop.DoWork();
            }
        }
    }
}
