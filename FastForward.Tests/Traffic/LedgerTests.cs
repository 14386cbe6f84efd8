using FastForward.Transport;

namespace FastForward.Tests.Traffic;

/// <summary>The checker finds each kind of fault, put into journals on purpose, and nothing else.</summary>
[TestFixture]
public sealed class LedgerTests
{
    private const uint Sender = 1;
    private const uint Receiver = 2;
    private const ulong Stream = 100;

    private readonly List<byte[]> _payloads = [];
    private MemoryJournal _sender = null!;
    private MemoryJournal _receiver = null!;

    [SetUp]
    public void Begin()
    {
        _payloads.Clear();
        _sender = new MemoryJournal(0, Sender);
        _receiver = new MemoryJournal(1, Receiver);
    }

    [TestCase(MessageClass.Reliable)]
    [TestCase(MessageClass.RealTime)]
    public void Messages_in_order_are_no_fault(MessageClass messageClass)
    {
        Send(5, messageClass);
        for (int i = 0; i < 5; i++)
            Deliver(i, messageClass);
        Ledger ledger = Ledger.Check("canary", [_sender, _receiver]);
        Assert.That((ledger.Accepted, ledger.Delivered), Is.EqualTo((5L, 5L)));
    }

    [Test]
    public void A_dropped_reliable_message_is_lost([Values(0, 2, 4)] int dropped)
    {
        Send(5);
        for (int i = 0; i < 5; i++)
        {
            if (i != dropped)
                Deliver(i, sequence: i > dropped ? i - 1 : i);
        }

        Ledger ledger = Faulty();
        Assert.That(ledger.Lost, Is.EqualTo(1));
        Assert.That(ledger.WrongGaps, Is.EqualTo(dropped is 2 ? 1 : 0), "renumbered in the middle");
    }

    [Test]
    public void A_reported_message_is_not_lost()
    {
        Send(3);
        Deliver(0);
        _sender.Undelivered(new Undelivered(Receiver, Stream, 1, 2, UndeliveredReason.PeerLost));
        Assert.That(Check().Lost, Is.Zero);
    }

    [Test]
    public void A_report_of_too_few_or_of_another_stream_or_peer_or_too_early_leaves_messages_lost()
    {
        _sender.Undelivered(new Undelivered(Receiver, Stream, 0, 3, UndeliveredReason.PeerLost));
        Send(3);
        _sender.Undelivered(new Undelivered(Receiver, Stream, 0, 1, UndeliveredReason.PeerLost));
        _sender.Undelivered(new Undelivered(Receiver, Stream + 1, 0, 3, UndeliveredReason.PeerLost));
        _sender.Undelivered(new Undelivered(3, Stream, 0, 3, UndeliveredReason.PeerLost));
        Assert.That(Faulty().Lost, Is.EqualTo(2));
    }

    [Test]
    public void What_a_killed_process_had_accepted_is_not_lost()
    {
        Send(3);
        _sender.IsKilled = true;
        Assert.That(Check().Lost, Is.Zero);
    }

    [TestCase(MessageClass.Reliable)]
    [TestCase(MessageClass.RealTime)]
    public void A_message_delivered_again_is_repeated_also_after_a_restart(MessageClass messageClass)
    {
        Send(2, messageClass);
        Deliver(0, messageClass);
        Deliver(1, messageClass);
        Deliver(0, messageClass);
        MemoryJournal next = new(2, Receiver);
        next.Received(Message(1, messageClass, 0, 0));
        Assert.That(new Ledger([_sender, _receiver, next]).Repeated, Is.EqualTo(2));
    }

    [TestCase(MessageClass.Reliable)]
    [TestCase(MessageClass.RealTime)]
    public void Swapped_messages_are_reordered(MessageClass messageClass)
    {
        Send(4, messageClass);
        Deliver(0, messageClass);
        Deliver(2, messageClass, sequence: 1);
        Deliver(1, messageClass, sequence: 2);
        Deliver(3, messageClass);
        Assert.That(Faulty().Reordered, Is.EqualTo(1));
    }

    [Test]
    public void A_gap_of_a_real_time_stream_must_be_reported_exactly([Values(0, 1, 2, 3)] int reported)
    {
        Send(4, MessageClass.RealTime);
        Deliver(0, MessageClass.RealTime);
        Deliver(3, MessageClass.RealTime, skipped: reported);
        Ledger ledger = Check();
        Assert.That((ledger.WrongGaps, ledger.Lost), Is.EqualTo((reported == 2 ? 0L : 1L, 0L)));
    }

    [Test]
    public void After_the_end_of_a_stream_a_new_one_begins()
    {
        Send(4, MessageClass.RealTime);
        Deliver(0, MessageClass.RealTime);
        _receiver.Ended(new StreamEnd(Sender, Stream, StreamEndReason.PeerLost));
        Deliver(3, MessageClass.RealTime, sequence: 0);
        Assert.That(Check().WrongGaps, Is.Zero);
    }

    [Test]
    public void Damaged_and_misdelivered_messages_and_refused_ones_that_arrive_are_wrong()
    {
        Send(3);
        _sender.Send(Receiver, Stream, MessageClass.Reliable, 20, Refuse);
        _payloads[0][^1] ^= 1;
        Deliver(0);
        _receiver.Received(Message(1, MessageClass.Reliable, 0, 0, stream: Stream + 1));
        MemoryJournal other = new(2, 3);
        other.Received(Message(2, MessageClass.Reliable, 0, 0));
        Deliver(3);
        Ledger ledger = new([_sender, _receiver, other]);
        Assert.That(ledger.Wrong, Is.EqualTo(4));

        SendResult Refuse(ReadOnlySpan<byte> payload)
        {
            _payloads.Add(payload.ToArray());
            return new SendResult(SendStatus.BackPressured, 0);
        }
    }

    [Test]
    public void What_a_process_wrote_to_its_file_is_read_by_another()
    {
        using TemporaryDirectory directory = new();
        using (FileJournal written = new(directory.Path, 7, Sender))
        {
            written.Send(Receiver, Stream, MessageClass.Reliable, 100, static _ => new SendResult(default, 0));
            written.Met(Receiver, 99);
        }

        using FileJournal read = new(directory.Path, 7, Sender);
        Assert.That(read.Count, Is.EqualTo(2));
        Assert.That((read[0].Kind, read[0].Size), Is.EqualTo((EntryKind.Accepted, 100)));
        Assert.That((read[1].Kind, read[1].Number), Is.EqualTo((EntryKind.Met, 99UL)));
        Assert.That(new Ledger([read]).Lost, Is.EqualTo(1));
    }

    private Ledger Check() => new([_sender, _receiver]);

    private Ledger Faulty()
    {
        Ledger ledger = Check();
        Assert.That(ledger.IsSound, Is.False);
        Assert.That(ledger.Faults, Is.Not.Empty);
        return ledger;
    }

    private void Send(int count, MessageClass messageClass = MessageClass.Reliable)
    {
        for (int i = 0; i < count; i++)
            _sender.Send(
                Receiver,
                Stream,
                messageClass,
                20,
                payload =>
                {
                    _payloads.Add(payload.ToArray());
                    return new SendResult(SendStatus.Accepted, 0);
                }
            );
    }

    private void Deliver(
        int message,
        MessageClass messageClass = MessageClass.Reliable,
        int? sequence = null,
        int skipped = 0
    ) => _receiver.Received(Message(message, messageClass, sequence ?? message, skipped));

    private ReceivedMessage Message(
        int message,
        MessageClass messageClass,
        int sequence,
        int skipped,
        ulong stream = Stream
    ) =>
        new()
        {
            Node = Sender,
            Stream = stream,
            Class = messageClass,
            Sequence = (ulong)sequence,
            SkippedBefore = (ulong)skipped,
            Payload = _payloads[message],
        };
}
