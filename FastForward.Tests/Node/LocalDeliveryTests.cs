using FastForward.Transport;
using FastForward.Transport.Loop;

namespace FastForward.Tests.Node;

/// <summary>Messages to the own id follow the rules of streams to other nodes.</summary>
[TestFixture]
public sealed class LocalDeliveryTests
{
    private const uint Self = 1;

    private ForwardLoop _loop = null!;
    private StaticNode _node = null!;

    [SetUp]
    public void SetUp()
    {
        _loop = new ForwardLoop(new ForwardLoopOptions { FailFast = true });
        _node = new StaticNode(_loop, Self, static options => options.MaxStreams = 10);
    }

    [TearDown]
    public void TearDown()
    {
        _node.Dispose();
        _loop.Dispose();
    }

    [Test]
    public void A_stream_is_reset_once_and_ends_once()
    {
        _node.Node.Send(Self, 1, MessageClass.Reliable, "x"u8);
        Assert.That(_node.Node.ResetStream(Self, 1, 5), Is.EqualTo(SendStatus.Accepted));
        Assert.That(_node.Node.ResetStream(Self, 1, 6), Is.EqualTo(SendStatus.StreamEnded));
        Cycle();
        Assert.That(_node.Ends, Is.EqualTo(new[] { new StreamEnd(Self, 1, StreamEndReason.Reset, 5) }));
    }

    [Test]
    public void Dispose_inside_a_callback_throws_and_StopAsync_does_not()
    {
        Task? stopped = null;
        InvalidOperationException? misuse = null;
        _node.OnReceived = () =>
        {
            misuse = Assert.Throws<InvalidOperationException>(_node.Node.Dispose);
            stopped = _node.Node.StopAsync();
        };
        _node.Node.Send(Self, 1, MessageClass.Reliable, "x"u8);
        Cycle();
        Assert.That(misuse!.Message, Does.Contain("StopAsync"));
        Assert.That(stopped!.IsCompleted, Is.True);
    }

    [Test]
    public void A_reset_after_the_end_drops_undelivered_messages()
    {
        _node.Node.Send(Self, 1, MessageClass.Reliable, "x"u8, SendOptions.End);
        Assert.That(_node.Node.ResetStream(Self, 1, 5), Is.EqualTo(SendStatus.Accepted));
        Cycle();
        Assert.That(_node.Messages, Is.Empty);
        Assert.That(_node.Reports, Is.EqualTo(new[] { new Undelivered(Self, 1, 0, 1, UndeliveredReason.StreamReset) }));
        Assert.That(_node.Ends, Is.EqualTo(new[] { new StreamEnd(Self, 1, StreamEndReason.Reset, 5) }));
    }

    [Test]
    public void A_reset_after_the_delivery_of_the_end_changes_nothing()
    {
        _node.Node.Send(Self, 1, MessageClass.Reliable, "x"u8, SendOptions.End);
        Cycle();
        Assert.That(_node.Node.ResetStream(Self, 1, 5), Is.EqualTo(SendStatus.StreamEnded));
        Cycle();
        Assert.That(_node.Messages, Has.Count.EqualTo(1));
        Assert.That(_node.Ends, Is.EqualTo(new[] { new StreamEnd(Self, 1, StreamEndReason.Ended) }));
    }

    [TestCase(0)]
    [TestCase(1100)]
    [TestCase(32_768)]
    [TestCase(65_536)]
    public void Messages_of_every_size_arrive_once_and_in_order(int size)
    {
        for (byte i = 0; i < 3; i++)
        {
            byte[] payload = new byte[size];
            Array.Fill(payload, i);
            Assert.That(_node.Node.Send(Self, 1, MessageClass.Reliable, payload).IsAccepted, Is.True);
        }

        Cycle();
        Assert.That(_node.Messages.Select(static message => message.Sequence), Is.EqualTo(new ulong[] { 0, 1, 2 }));
        for (byte i = 0; i < 3; i++)
            Assert.That(_node.Messages[i].Payload, Has.Length.EqualTo(size).And.All.EqualTo(i));
    }

    [Test]
    public void A_local_message_sent_in_a_callback_is_delivered_in_the_next_cycle()
    {
        _node.OnReceived = () => _node.Node.Send(Self, 1, MessageClass.Reliable, "again"u8);
        _node.Node.Send(Self, 1, MessageClass.Reliable, "x"u8);
        for (int cycle = 1; cycle <= 10; cycle++)
        {
            _loop.DoWork();
            Assert.That(_node.Messages, Has.Count.EqualTo(cycle));
        }
    }

    [Test]
    public void A_back_pressured_sender_always_gets_OnWritable()
    {
        while (_node.Node.Send(Self, 0, MessageClass.RealTime, new byte[1100]).IsAccepted) { }

        List<ulong> refused = [0];
        SendStatus last = default;
        for (ulong stream = 1; stream < 100; stream++)
        {
            last = _node.Node.Send(Self, stream, MessageClass.Reliable, new byte[65_536]).Status;
            if (last == SendStatus.BackPressured)
                refused.Add(stream);
        }

        Assert.That(last, Is.EqualTo(SendStatus.TooManyStreams));
        Cycle();
        Assert.That(_node.WritableStreams, Is.EquivalentTo(refused));
    }

    [Test]
    public void One_local_stream_is_limited_to_its_stream_credit()
    {
        int accepted = 0;
        while (_node.Node.Send(Self, 1, MessageClass.Reliable, new byte[10_000 - 64]).IsAccepted)
            accepted++;
        Assert.That(accepted, Is.EqualTo((256 << 10) / 10_000));
        Assert.That(_node.Node.Send(Self, 2, MessageClass.Reliable, new byte[10_000]).IsAccepted, Is.True);
        Cycle();
        Assert.That(_node.WritableStreams, Is.EqualTo(new[] { 1ul }));
    }

    [Test]
    public void A_cycle_delivers_no_more_than_its_budget()
    {
        using ForwardLoop loop = new(new ForwardLoopOptions { PollBudget = 3 });
        using StaticNode node = new(loop, Self);
        for (byte i = 0; i < 10; i++)
            Assert.That(node.Node.Send(Self, 1, MessageClass.Reliable, [i]).IsAccepted, Is.True);
        int[] delivered = new int[4];
        for (int cycle = 0; cycle < delivered.Length; cycle++)
        {
            loop.DoWork();
            delivered[cycle] = node.Messages.Count;
        }

        Assert.That(delivered, Is.EqualTo(new[] { 3, 6, 9, 10 }));
        Assert.That(node.Messages.Select(static message => message.Payload[0]), Is.Ordered.Ascending);
    }

    private void Cycle()
    {
        while (_loop.DoWork() > 0) { }
    }
}
