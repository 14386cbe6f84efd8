using FastForward.Host.Demo;

namespace FastForward.Tests.Host;

/// <summary>The demo's decision is worth something only if it can be "no".</summary>
public sealed class DemoCheckTests
{
    private const uint Call = 7;

    [Test]
    public void Sound_messages_in_order_pass()
    {
        Assert.That(Evaluate(0, 1, 2, 3), Is.EqualTo((4L, 0L, 0L, 0L)));
    }

    [Test]
    public void A_gap_is_not_delivered()
    {
        Assert.That(Evaluate(0, 1, 3), Is.EqualTo((3L, 0L, 0L, 0L)));
    }

    [Test]
    public void A_repeat_is_a_duplicate()
    {
        Assert.That(Evaluate(0, 1, 1, 0), Is.EqualTo((2L, 2L, 0L, 0L)));
    }

    [Test]
    public void A_message_after_a_later_one_is_reordered()
    {
        Assert.That(Evaluate(0, 2, 1, 1), Is.EqualTo((3L, 1L, 1L, 0L)));
    }

    [Test]
    public void A_broken_counter_at_the_sender_is_seen()
    {
        // The content says sequence 1 and follows from sequence 2, as if the counter had slipped while it was written.
        byte[] message = Message(1);
        byte[] slipped = Message(2);
        slipped.AsSpan(DemoMessage.HeaderSize).CopyTo(message.AsSpan(DemoMessage.HeaderSize));
        Assert.That(new CallCheck(Call).Take(message, out _), Is.EqualTo(Arrival.Damaged));
    }

    [Test]
    public void Any_changed_byte_is_damage_or_another_place()
    {
        for (int place = 0; place < DemoMessage.VoiceSize; place++)
        {
            byte[] message = Message(3);
            message[place] ^= 1;
            CallCheck check = new(Call);
            if (place == 5)
                Assert.That(
                    check.Take(message, out _),
                    Is.AnyOf(Arrival.Damaged, Arrival.InOrder),
                    "'B' for 'C' is a burst too"
                );
            else
                Assert.That(check.Take(message, out _), Is.EqualTo(Arrival.Damaged), $"byte {place}");
        }
    }

    [Test]
    public void A_message_of_another_call_is_damage()
    {
        Assert.That(new CallCheck(Call + 1).Take(Message(0), out _), Is.EqualTo(Arrival.Damaged));
    }

    [Test]
    public void Short_and_long_messages_are_damage()
    {
        byte[] message = Message(0);
        for (int length = 0; length < message.Length; length++)
            Assert.That(
                new CallCheck(Call).Take(message.AsSpan(0, length), out _),
                Is.EqualTo(Arrival.Damaged),
                $"{length} bytes"
            );
        Assert.That(new CallCheck(Call).Take([.. message, 0], out _), Is.EqualTo(Arrival.Damaged));
    }

    [Test]
    public void An_echo_of_what_was_never_sent_is_damage()
    {
        DemoCall call = new(Call, stream: null!); // nothing is sent
        call.Sent();
        Assert.That(call.Echoed(Message(0), out long roundTrip), Is.EqualTo(Arrival.InOrder));
        Assert.That(roundTrip, Is.Positive);
        Assert.That(call.Echoed(Message(1), out _), Is.EqualTo(Arrival.Damaged));
    }

    [TestCase(100, 100, 0, 0, null, true)]
    [TestCase(100, 99, 0, 0, null, false)]
    [TestCase(100, 100, 1, 0, null, false)]
    [TestCase(100, 100, 0, 1, null, false)]
    [TestCase(100, 100, 0, 0, "1 damaged", false)]
    [TestCase(0, 0, 0, 0, null, false)]
    public void Success_needs_everything_in_order(
        long sent,
        long delivered,
        long duplicated,
        long reordered,
        string? reason,
        bool success
    )
    {
        TransportReport ran = new()
        {
            Type = "FORWARD_TRANSPORT_IP",
            Available = true,
            Reason = reason,
            Sent = sent,
            Delivered = delivered,
            Lost = sent - delivered,
            Duplicated = duplicated,
            Reordered = reordered,
        };
        TransportReport absent = new()
        {
            Type = "FORWARD_TRANSPORT_RDMA",
            Available = false,
            Reason = "not built yet",
        };
        Assert.That(new DemoDocument([ran, absent]).IsSuccess(), Is.EqualTo(success));
        Assert.That(new DemoDocument([absent]).IsSuccess(), Is.False, "nothing ran");
    }

    [TestCase(100, 90, 50, 50, 0, true)]
    [TestCase(100, 90, 50, 49, 0, false)]
    [TestCase(100, 90, 50, 50, 1, false)]
    [TestCase(100, 100, 0, 0, 0, false)]
    public void On_an_impaired_transport_real_time_messages_may_be_lost(
        long realTime,
        long realTimeDelivered,
        long reliable,
        long reliableDelivered,
        long reordered,
        bool success
    )
    {
        TransportReport ran = new()
        {
            Type = "FORWARD_TRANSPORT_IP",
            Available = true,
            Sent = realTime + reliable,
            Delivered = realTimeDelivered + reliableDelivered,
            Lost = realTime + reliable - realTimeDelivered - reliableDelivered,
            Reordered = reordered,
            Impairment = new ImpairedTraffic
            {
                Settings = "loss=2%",
                NetworkRttMinMicros = 0,
                NetworkRttMaxMicros = 0,
                Datagrams = 0,
                DatagramsLost = 0,
                DatagramsOverflowed = 0,
                DatagramsDuplicated = 0,
                RealTime = new ImpairedClass(realTime, realTimeDelivered, realTime - realTimeDelivered, 0, 0),
                RealTimeLate = 0,
                RealTimeSentAgain = 0,
                RealTimeCopied = 0,
                Reliable = new ImpairedClass(reliable, reliableDelivered, reliable - reliableDelivered, 0, 0),
            },
        };
        Assert.That(new DemoDocument([ran]).IsSuccess(), Is.EqualTo(success));
    }

    private static byte[] Message(uint sequence)
    {
        byte[] message = new byte[DemoMessage.VoiceSize];
        DemoMessage.Write(message, DemoMessageKind.Voice, (byte)'C', Call, sequence);
        return message;
    }

    private static (long Delivered, long Duplicated, long Reordered, long Damaged) Evaluate(params uint[] sequences)
    {
        CallCheck check = new(Call);
        Tally tally = new();
        foreach (uint sequence in sequences)
            tally.Add(check.Take(Message(sequence), out _));
        return (tally.Delivered, tally.Duplicated, tally.Reordered, tally.Damaged);
    }
}
