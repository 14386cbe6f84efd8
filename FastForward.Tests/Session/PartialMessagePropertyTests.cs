using CsCheck;
using FastForward.Transport.Buffers;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>Messages that arrive in any parts and order, overlapping and repeated. CsCheck prints the seed.</summary>
[TestFixture]
public sealed class PartialMessagePropertyTests
{
    private readonly BufferPool _buffers = new();

    [Test]
    public void A_message_is_whole_when_all_of_its_bytes_have_arrived_and_has_its_content()
    {
        Gen.Select(Gen.Int[1, 2_000], Gen.Select(Gen.Int[0, 1_999], Gen.Int[0, 700]).Array[1, 40])
            .Sample(
                (length, parts) =>
                {
                    byte[] content = [.. Enumerable.Range(0, length).Select(static i => (byte)(i * 7))];
                    PartialMessage message = new();
                    bool[] arrived = new bool[length];
                    bool isEndKnown = false;
                    foreach ((int at, int size) in parts)
                    {
                        int offset = at % length;
                        int count = Math.Min(size, length - offset);
                        Add(message, content, offset, count);
                        arrived.AsSpan(offset, count).Fill(true);
                        isEndKnown |= offset + count == length;
                        bool isWhole = isEndKnown && !arrived.AsSpan().Contains(false);
                        Assert.That(message.IsWhole, Is.EqualTo(isWhole));
                        if (isWhole && !message.Payload.SequenceEqual(content))
                            Assert.Fail("the content is another one");
                    }

                    message.Clear(_buffers);
                    Assert.That((message.IsWhole, message.IsEnd, message.Credit), Is.EqualTo((false, false, 32)));
                },
                iter: 1_500,
                threads: 1 // the buffers are not thread-safe
            );
    }

    private void Add(PartialMessage message, byte[] content, int offset, int count)
    {
        Span<byte> frame = stackalloc byte[WireFormat.DataHeader + 2_100];
        FrameWriter writer = new(frame);
        bool isLast = offset + count == content.Length;
        writer.WriteFragment(1, 0, isLast ? MessageBits.None : MessageBits.More, offset, content.AsSpan(offset, count));
        ElementReader reader = new(frame[WireFormat.DataHeader..writer.Length]);
        Assert.That(reader.Next() && MessageElement.TryRead(reader.Bits, reader.Body, out _), Is.True);
        MessageElement.TryRead(reader.Bits, reader.Body, out MessageElement part);
        message.Add(part, _buffers);
    }
}
