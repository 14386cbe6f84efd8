using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Recovery;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>Frames that are sealed, and what is recorded of them.</summary>
[TestFixture]
public sealed class FrameBuilderTests : IFrameProtection
{
    private ulong _sealedNumber;
    private int _sealedLength;

    int IFrameProtection.Overhead => 16;

    void IFrameProtection.Seal(Span<byte> frame, ulong packetNumber)
    {
        (_sealedNumber, _sealedLength) = (packetNumber, frame.Length);
        frame[^16..].Fill(0xAA);
    }

    bool IFrameProtection.TryOpen(Span<byte> frame, ulong packetNumber) => throw new NotSupportedException();

    [Test]
    public void Elements_leave_room_for_the_seal()
    {
        byte[] memory = new byte[200];
        FrameBuilder frame = new(memory, this, sent: null);
        Assert.That(frame.Capacity, Is.EqualTo(200 - WireFormat.DataHeader - 16));
        while (frame.Room >= WireFormat.Credit)
            frame.Credit(1);
        int elements = frame.Writer.Length;
        int length = frame.Finish(7, 99, 0);
        Assert.That(length, Is.EqualTo(elements + 16).And.LessThanOrEqualTo(200));
        Assert.That((_sealedNumber, _sealedLength), Is.EqualTo((99ul, length)));
        Assert.That(
            memory.AsSpan(elements, 16).ContainsAnyExcept((byte)0xAA),
            Is.False,
            "the tag follows the elements"
        );
    }

    [Test]
    public void Only_reliable_messages_whole_or_in_parts_make_a_frame_reliable()
    {
        OutgoingMessage message = new OutgoingMessagePool().Rent(new byte[40]);
        message.Stream = new SendStream(1, MessageClass.Reliable);
        FrameBuilder whole = Begin();
        whole.Credit(1);
        Assert.That(whole.IsReliable, Is.False);
        whole.Message(message);
        Assert.That(whole.IsReliable, Is.True, "congestion control counts it");
        FrameBuilder part = Begin();
        part.Fragment(message, 10, 5);
        Assert.That(part.IsReliable, Is.True, "so is a part");

        static FrameBuilder Begin() => new(new byte[500], NoProtection.Instance, new SentFrames());
    }

    [Test]
    public void What_matters_when_the_frame_is_lost_is_recorded_and_asks_for_an_acknowledgement()
    {
        SentFrames sent = new();
        FrameBuilder frame = new(new byte[500], NoProtection.Instance, sent);
        frame.Writer.WriteProbe(1);
        frame.Ack(5, 0, default);
        Assert.That(frame.IsEliciting, Is.False, "neither a probe nor an acknowledgement is acknowledged");
        frame.StreamAck(3, 1, 1, 1);
        frame.StreamRefused(4, 1, 1);
        frame.Credit(9);
        Assert.That(frame.IsEliciting, Is.True);
        sent.Commit(now: 10, bytes: 100, frame.IsEliciting);
        SentFrame recorded = sent[0];
        Assert.That(recorded.Elements, Is.EqualTo(4));
        Assert.That(
            Enumerable.Range(0, 4).Select(i => sent.Element(recorded.FirstElement + i)),
            Is.EqualTo(
                new[]
                {
                    new SentElement(SentKind.Ack),
                    new SentElement(SentKind.StreamAck, 3),
                    new SentElement(SentKind.StreamRefused, 4),
                    new SentElement(SentKind.Credit),
                }
            )
        );
    }
}
