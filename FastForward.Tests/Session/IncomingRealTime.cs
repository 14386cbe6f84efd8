using System.Buffers.Binary;
using FastForward.Transport;
using FastForward.Transport.Buffers;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>
/// A receiver whose real-time messages arrive when the test says so: the base transit is 0, so that a message that was
/// sent at a time and arrives later has travelled so much too long. Its content is made from stream and sequence.
/// </summary>
internal sealed class IncomingRealTime
{
    private readonly byte[] _frame = new byte[2_000];

    public IncomingRealTime(Func<SessionOptions, SessionOptions>? configure = null)
    {
        SessionOptions options = new() { Node = 1, Incarnation = 1 };
        Options = configure?.Invoke(options) ?? options;
        Receiver = new Receiver(
            2,
            Options,
            Events,
            new PeerStatistics(2, Statistics),
            new BufferPool(),
            new PeerHeldCredit()
        );
    }

    public SessionOptions Options { get; }

    public EventRecorder Events { get; } = new();

    public NodeStatistics Statistics { get; } = new();

    public Receiver Receiver { get; }

    /// <summary>What is known of the path on which messages arrive.</summary>
    public FrameArrival Path { get; set; }

    /// <summary>The sequences of the messages that were delivered on a stream.</summary>
    public ulong[] Delivered(ulong stream = 1) =>
        [.. Events.Messages.Where(message => message.Stream == stream).Select(static message => message.Sequence)];

    /// <summary>What the application was told of places without a message.</summary>
    public ulong Gaps(ulong stream = 1) =>
        Events
            .Messages.Where(message => message.Stream == stream)
            .Aggregate(0ul, static (sum, message) => sum + message.Skipped)
        + Events.Ends.Where(end => end.Stream == stream).Aggregate(0ul, static (sum, end) => sum + end.SkippedBefore);

    /// <summary>A message arrives.</summary>
    /// <param name="now">When.</param>
    /// <param name="sequence">Its sequence.</param>
    /// <param name="sentAt">When it was sent: its frame travelled so much longer than the base.</param>
    /// <param name="stream">Its stream.</param>
    /// <param name="bits">Its flags.</param>
    /// <param name="budgetMillis">Its budget; 0 for none.</param>
    /// <param name="isOrdered">It arrives on an ordered path.</param>
    /// <param name="size">Bytes of its content.</param>
    /// <param name="ageMicros">How long it waited at its sender, in units of 64 us.</param>
    public void Arrive(
        long now,
        ulong sequence,
        long? sentAt = null,
        ulong stream = 1,
        MessageBits bits = MessageBits.None,
        int budgetMillis = 120,
        bool isOrdered = false,
        int size = 16,
        int ageMicros = 0
    )
    {
        byte[] content = (bits & MessageBits.Mark) != 0 ? [] : Content(stream, sequence, size);
        FrameWriter frame = new(_frame);
        frame.WriteRealTime(stream, sequence, bits, budgetMillis, ageMicros, content);
        ElementReader reader = new(_frame.AsSpan(WireFormat.DataHeader..frame.Length));
        Assert.That(reader.Next(), Is.True);
        Assert.That(MessageElement.TryRead(reader.Bits, reader.Body, out MessageElement message), Is.True);
        Assert.That(
            Receiver.Message(now, message, Path with { IsOrdered = isOrdered, Excess = now - (sentAt ?? now) }),
            Is.True
        );
        // What was held may point to this memory no more.
        _frame.AsSpan().Fill(0xEE);
    }

    /// <summary>Time passes: what is due is released, each at its own time.</summary>
    /// <returns>When something was released.</returns>
    public List<long> RunUntil(long time)
    {
        List<long> released = [];
        while (Receiver.NextRelease is long next && next <= time)
        {
            released.Add(next);
            Receiver.Release(next);
            Assert.That(Receiver.NextRelease, Is.GreaterThan(next), "what is due is released at once");
        }

        return released;
    }

    /// <summary>Each delivered message has the content that it was sent with.</summary>
    public void CheckContents()
    {
        foreach ((_, ulong stream, ulong sequence, _, byte[] payload) in Events.Messages)
            Assert.That(payload, Is.EqualTo(Content(stream, sequence, payload.Length)), $"{stream}/{sequence}");
    }

    private static byte[] Content(ulong stream, ulong sequence, int size)
    {
        byte[] content = new byte[size];
        content.AsSpan().Fill((byte)((stream * 31) + sequence));
        if (size < 16)
            return content;
        BinaryPrimitives.WriteUInt64LittleEndian(content, stream);
        BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(8), sequence);
        return content;
    }
}
