using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>Senders that wait for room are served in their order, whatever the size of their messages.</summary>
[TestFixture]
public sealed class WaitingSendersTests
{
    private const int Large = 60_000;
    private const int Small = 1_000;
    private const int Overhead = 32; // the credit of a message beside its payload

    private readonly EventRecorder _events = new() { Reservations = [] };
    private Sender _sender = null!;
    private ulong _granted = 1 << 20;

    [SetUp]
    public void SetUp()
    {
        _granted = 1 << 20;
        _events.WritableStreams.Clear();
        _events.Reservations!.Clear();
        SessionOptions options = new() { Node = 1, Incarnation = 1 };
        _sender = new Sender(
            2,
            options,
            _events,
            new PeerStatistics(2, new NodeStatistics()),
            new OutgoingMessagePool()
        );
    }

    [Test]
    public void A_large_message_is_not_overtaken_for_ever_by_small_ones()
    {
        Exhaust();
        Assert.That(Send(500, Large), Is.EqualTo(SendStatus.BackPressured));
        int overtaken = 0;
        ulong next = 1000;
        for (int step = 0; step < 100 && !IsWritable(500); step++)
        {
            Grant(Small + Overhead);
            if (Send(next++, Small) == SendStatus.Accepted)
                overtaken++;
        }

        Assert.That(overtaken, Is.Zero, "small messages are behind it");
        Assert.That(IsWritable(500), Is.True);
        Assert.That(Send(next++, Small), Is.EqualTo(SendStatus.BackPressured), "the room is reserved");
        Assert.That(Send(500, Large), Is.EqualTo(SendStatus.Accepted));
        EndReservations();
        Grant(20 * (Small + Overhead));
        Assert.That(
            _events.WritableStreams.Skip(1).Select(static entry => entry.Stream),
            Is.EqualTo(Enumerable.Range(1000, 20).Select(static stream => (ulong)stream)),
            "then the small ones, first come first served"
        );
    }

    [Test]
    public void Room_that_a_notified_sender_does_not_use_goes_to_the_next()
    {
        Exhaust();
        Assert.That(Send(500, Large), Is.EqualTo(SendStatus.BackPressured));
        Assert.That(Send(501, Large), Is.EqualTo(SendStatus.BackPressured));
        Grant(Large + Overhead);
        Assert.That(_events.WritableStreams, Is.EqualTo(new[] { (2u, 500ul) }));
        EndReservations(); // nothing was sent
        Assert.That(_events.WritableStreams, Is.EqualTo(new[] { (2u, 500ul), (2u, 501ul) }));
        Assert.That(Send(501, Small), Is.EqualTo(SendStatus.Accepted), "less than it waited for");
        Assert.That(Send(502, Small), Is.EqualTo(SendStatus.Accepted), "none waits any more");
    }

    [Test]
    public void A_sender_that_needs_more_than_it_waited_for_waits_again_and_does_not_stop_the_others()
    {
        Exhaust();
        Assert.That(Send(500, Small), Is.EqualTo(SendStatus.BackPressured));
        Assert.That(Send(501, Small), Is.EqualTo(SendStatus.BackPressured));
        Grant(Small + Overhead);
        Assert.That(Send(500, Large), Is.EqualTo(SendStatus.BackPressured));
        Assert.That(IsWritable(501), Is.True, "it takes its turn");
        Assert.That(Send(501, Small), Is.EqualTo(SendStatus.Accepted));
        Grant(Large + Overhead);
        Assert.That(_events.WritableStreams.Count(static entry => entry.Stream == 500), Is.EqualTo(2));
    }

    [Test]
    public void A_stream_without_credit_of_its_own_delays_no_other()
    {
        while (Send(1, Large) == SendStatus.Accepted) { }
        Assert.That(Send(2, Large), Is.EqualTo(SendStatus.Accepted));
        Exhaust();
        Assert.That(Send(3, Small), Is.EqualTo(SendStatus.BackPressured));
        Grant(Small + Overhead);
        Assert.That(_events.WritableStreams, Is.EqualTo(new[] { (2u, 3ul) }));
    }

    [Test]
    public void A_waiting_sender_whose_stream_is_refused_is_notified_and_leaves_its_place()
    {
        Assert.That(Send(500, Small), Is.EqualTo(SendStatus.Accepted));
        Exhaust();
        Assert.That(Send(500, Large), Is.EqualTo(SendStatus.BackPressured));
        Assert.That(Send(501, Small), Is.EqualTo(SendStatus.BackPressured));
        _sender.Refused(500, 0, 0);
        _sender.OnFrameRead();
        Assert.That(_events.WritableStreams.Select(static entry => entry.Stream), Is.EqualTo(new ulong[] { 500, 501 }));
        Assert.That(Send(500, Large), Is.EqualTo(SendStatus.StreamEnded));
        Assert.That(Send(501, Small), Is.EqualTo(SendStatus.Accepted));
    }

    [Test]
    public void What_the_elements_of_a_frame_free_is_offered_once_at_its_end()
    {
        Exhaust();
        Assert.That(Send(500, Small), Is.EqualTo(SendStatus.BackPressured));
        for (int i = 0; i < 10; i++)
            _sender.GrantCredit(_granted += Small);
        Assert.That(_events.WritableStreams, Is.Empty);
        _sender.OnFrameRead();
        Assert.That(_events.WritableStreams, Is.EqualTo(new[] { (2u, 500ul) }));
        _sender.OnFrameRead();
        Assert.That(_events.WritableStreams, Has.Count.EqualTo(1));
    }

    private SendStatus Send(ulong stream, int size) =>
        _sender.Send(0, stream, MessageClass.Reliable, new byte[size], end: false).Status;

    // Uses the credit of the association on several streams, without a waiting sender.
    private void Exhaust()
    {
        int message = 0;
        while (_granted - _sender.CreditUsed is > Overhead and ulong left)
        {
            int size = (int)Math.Min(Large, left - Overhead);
            Assert.That(Send(10 + ((ulong)message++ / 4), size), Is.EqualTo(SendStatus.Accepted));
        }
    }

    private void Grant(int bytes)
    {
        _sender.GrantCredit(_granted += (ulong)bytes);
        _sender.OnFrameRead();
    }

    private bool IsWritable(ulong stream) => _events.WritableStreams.Any(entry => entry.Stream == stream);

    private void EndReservations()
    {
        while (_events.Reservations!.TryDequeue(out (IRoomOwner Owner, ulong Stream) reservation))
            reservation.Owner.EndReservation(reservation.Stream);
    }
}
