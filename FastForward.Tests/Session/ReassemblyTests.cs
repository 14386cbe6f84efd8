using System.Text;
using FastForward.Transport;
using FastForward.Transport.Buffers;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>Messages in parts, which may arrive over two paths when the sender switches paths.</summary>
[TestFixture]
public sealed class ReassemblyTests
{
    private const ulong Stream = 9;

    private readonly byte[] _frame = new byte[200];
    private SimulatedNode _node = null!;
    private Receiver _receiver = null!;

    private IEnumerable<string> Delivered =>
        _node.Recorder.Messages.Select(static message => Encoding.ASCII.GetString(message.Payload));

    [SetUp]
    public void SetUp()
    {
        _node = new SimulatedNetwork(1).Start(1, 2);
        _receiver = new Receiver(
            2,
            _node.Options,
            _node.Recorder,
            new PeerStatistics(2, _node.Statistics),
            new BufferPool(),
            new PeerHeldCredit()
        );
    }

    [Test]
    public void Parts_are_assembled_into_a_message()
    {
        Part(0, 0, "abc", more: true);
        Part(0, 3, "def", more: false);
        Assert.That(Delivered, Is.EqualTo(new[] { "abcdef" }));
    }

    [Test]
    public void A_message_resent_with_different_offsets_is_the_same_message()
    {
        Part(0, 0, "abcd", more: true);
        Part(0, 0, "ab", more: true);
        Part(0, 2, "cdef", more: true);
        Part(0, 6, "g", more: false);
        Assert.That(Delivered, Is.EqualTo(new[] { "abcdefg" }));
    }

    [Test]
    public void A_message_received_twice_is_delivered_once_and_counted()
    {
        Whole(0, "abc");
        Whole(0, "abc");
        Whole(1, "def");
        Assert.That(Delivered, Is.EqualTo(new[] { "abc", "def" }));
        Assert.That(_node.Statistics.DuplicateMessages, Is.EqualTo(1));
    }

    [Test]
    public void Parts_of_a_message_that_then_arrived_complete_do_not_start_the_next_one()
    {
        Part(0, 0, "abc", more: true);
        Whole(0, "abcdef");
        Part(1, 0, "uvw", more: true);
        Part(1, 3, "xyz", more: false);
        Assert.That(Delivered, Is.EqualTo(new[] { "abcdef", "uvwxyz" }));
    }

    [TestCase(50, 256 << 10)] // one stream
    [TestCase(1, 1 << 20)] // all of them
    public void Messages_beyond_the_credit_are_not_accepted(int messagesPerStream, int limit)
    {
        byte[] frame = new byte[20_000];
        byte[] payload = new byte[10_000 - WireFormat.CreditPerMessage];
        int taken = 0;
        while (Take(taken))
            taken++;
        Assert.That(taken, Is.EqualTo(limit / 10_000));
        Assert.That(_node.Recorder.Messages, Has.Count.EqualTo(taken));

        bool Take(int number)
        {
            FrameWriter writer = new(frame);
            writer.WriteMessage(
                (ulong)(number / messagesPerStream),
                (ulong)(number % messagesPerStream),
                MessageBits.None,
                payload
            );
            ElementReader reader = new(frame.AsSpan(WireFormat.DataHeader..writer.Length));
            Assert.That(
                reader.Next()
                    && MessageElement.TryRead(reader.Bits, reader.Body, out MessageElement message)
                    && message.Payload.Length == payload.Length,
                Is.True
            );
            MessageElement.TryRead(reader.Bits, reader.Body, out MessageElement element);
            return _receiver.Message(0, element, new FrameArrival(IsOrdered: true, Excess: 0));
        }
    }

    private void Part(ulong sequence, int offset, string part, bool more)
    {
        FrameWriter frame = new(_frame);
        frame.WriteFragment(
            Stream,
            sequence,
            more ? MessageBits.More : MessageBits.None,
            offset,
            Encoding.ASCII.GetBytes(part)
        );
        Receive(frame.Length);
    }

    private void Whole(ulong sequence, string payload)
    {
        FrameWriter frame = new(_frame);
        frame.WriteMessage(Stream, sequence, MessageBits.None, Encoding.ASCII.GetBytes(payload));
        Receive(frame.Length);
    }

    private void Receive(int length)
    {
        ElementReader reader = new(_frame.AsSpan(WireFormat.DataHeader..length));
        Assert.That(reader.Next(), Is.True);
        Assert.That(MessageElement.TryRead(reader.Bits, reader.Body, out MessageElement message), Is.True);
        Assert.That(_receiver.Message(0, message, new FrameArrival(IsOrdered: true, Excess: 0)), Is.True);
    }
}
