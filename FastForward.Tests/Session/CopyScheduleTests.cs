using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>Copies of real-time messages: when they are due, and what becomes of those that are not needed.</summary>
[TestFixture]
public sealed class CopyScheduleTests
{
    private readonly OutgoingMessagePool _pool = new();
    private readonly SendStream _stream = new(1, MessageClass.RealTime);
    private AwaitedMessages _awaited = null!;
    private CopySchedule _copies = null!;

    [SetUp]
    public void SetUp()
    {
        _copies = new CopySchedule();
        _awaited = new AwaitedMessages();
    }

    [Test]
    public void Copies_are_due_at_their_times_and_in_their_order()
    {
        OutgoingMessage one = Written(due: 100);
        OutgoingMessage two = Written(due: 200);
        Assert.That(_copies.NextDue, Is.EqualTo(100));
        _copies.Advance(99);
        Assert.That((_copies.HasDue, _copies.Peek()), Is.EqualTo((false, (OutgoingMessage?)null)));
        _copies.Advance(100);
        Assert.That(_copies.Peek(), Is.SameAs(one));
        Assert.That(_copies.Peek(), Is.SameAs(one), "until it is removed");
        Assert.That(_copies.NextDue, Is.EqualTo(200));
        _copies.Advance(1_000);
        _copies.Remove();
        Assert.That(_copies.Peek(), Is.SameAs(two));
        _copies.Remove();
        Assert.That((_copies.HasDue, _copies.NextDue), Is.EqualTo((false, long.MaxValue)));
    }

    [Test]
    public void What_is_due_is_no_time_out_any_more()
    {
        Written(due: 100);
        _copies.Advance(100);
        // While the link is blocked nothing removes it. A time-out in the past would keep the loop awake.
        Assert.That(_copies.NextDue, Is.EqualTo(long.MaxValue));
        Assert.That(_copies.HasDue, Is.True);
    }

    [Test]
    public void What_has_arrived_or_was_released_and_used_again_is_passed_over()
    {
        OutgoingMessage arrived = Written(due: 100);
        OutgoingMessage reused = Written(due: 100);
        OutgoingMessage copied = Written(due: 100);
        OutgoingMessage last = Written(due: 100);
        _awaited.Remove(arrived);
        _awaited.Remove(reused);
        _pool.Return(reused);
        OutgoingMessage other = _pool.Rent("y"u8);
        Assert.That(other, Is.SameAs(reused));
        other.Stream = _stream;
        other.CopiesLeft = 1;
        _awaited.Add(other);
        copied.CopiesLeft = 0;
        _copies.Advance(100);
        Assert.That(_copies.Peek(), Is.SameAs(last));
        _copies.Remove();
        Assert.That((_copies.Peek(), _copies.HasDue), Is.EqualTo(((OutgoingMessage?)null, false)));
    }

    [TestCase(RealTimeRedundancy.Always)]
    [TestCase(RealTimeRedundancy.Off)]
    public void A_blocked_link_does_not_keep_the_loop_awake(RealTimeRedundancy redundancy)
    {
        SimulatedNetwork network = new(1) { MinDelay = 10_000, MaxDelay = 10_000 };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(
            TransportKind.Ip,
            options => options with { RealTimeRedundancy = redundancy }
        );
        a.Peer(2)
            .Send(network.Now, 1, MessageClass.RealTime, "x"u8, end: false, isImportant: true, realTimeBudget: 300_000);
        a.QueuePump();
        network.Run(network.Now + 1); // the message has left, its copies have not
        foreach (SimulatedLink link in a.Links)
            a.Block(link, 250_000);
        long before = a.Wakeups;
        network.Run(network.Now + 240_000);
        Assert.That(a.Wakeups - before, Is.LessThan(20));
        network.Run(network.Now + 1_000_000);
        Assert.That(b.Recorder.Messages, Has.Count.EqualTo(1));
        Assert.That(a.Peer(2).Association.Sender.StoredBytes, Is.Zero);
    }

    private OutgoingMessage Written(long due)
    {
        OutgoingMessage message = _pool.Rent("x"u8);
        message.Stream = _stream;
        message.CopiesLeft = 1;
        _awaited.Add(message);
        _copies.Add(message, due);
        return message;
    }
}
