using System.Buffers.Binary;
using FastForward.Transport;
using FastForward.Transport.Transports;

namespace FastForward.Tests.Transports;

/// <summary>
/// Base of the conformance suite. Expectations depend on <see cref="LinkTraits"/>, never on the transport: the
/// behaviour without a trait is specified as well.
/// </summary>
public abstract class TransportConformance(TransportCase transportCase)
{
    /// <summary>
    /// The minimum frame length on media without connections, whose frames contain the receiver's index.
    /// </summary>
    private protected const int HeaderLength = 8;

    private readonly List<IForwardTransport> _transports = [];

    private protected TransportHarness Harness { get; private set; } = null!;

    private protected LoopDriver Driver { get; private set; } = null!;

    private protected Random Random { get; private set; } = null!;

    [SetUp]
    public void Prepare()
    {
        int seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        Random = new Random(seed);
        Harness = transportCase.Create();
        Driver = new LoopDriver();
        if (Harness.Missing is { } reason)
            TestEnvironment.Missing(reason);
    }

    [TearDown]
    public void CleanUp()
    {
        foreach (IForwardTransport transport in _transports)
            transport.Dispose();
        _transports.Clear();
        Driver.Dispose();
        Harness.Dispose();
    }

    private protected static bool HasIndex(LinkTraits traits) => !traits.ConnectionOriented;

    private protected static int ShortestFrame(IForwardLink link) => HasIndex(link.Traits) ? HeaderLength : 1;

    /// <summary>A started transport with its sink, attached to the loop.</summary>
    private protected (IForwardTransport Transport, RecordingSink Sink) Start(IForwardTransport? transport = null)
    {
        transport ??= Harness.Create();
        _transports.Add(transport);
        RecordingSink sink = new();
        transport.Start(Driver.Loop, sink);
        Driver.Attach(transport);
        return (transport, sink);
    }

    private protected void Stop(IForwardTransport transport)
    {
        Driver.Detach(transport);
        transport.Dispose();
    }

    /// <summary>Two transports and an open link between them, at both sides.</summary>
    private protected Pair Open() => new(this);

    /// <summary>
    /// Opens a link from one transport to another, at both sides. On media without connections, a frame to index 0 that
    /// contains the own index makes the remote side adopt the source.
    /// </summary>
    private protected (IForwardLink Near, IForwardLink Far) Link(
        IForwardTransport near,
        RecordingSink nearSink,
        IForwardTransport far,
        RecordingSink farSink
    )
    {
        IForwardLink link = near.Connect(Harness.Reach(far));
        Driver.Until(() => nearSink.OpenedLinks.Contains(link) || nearSink.HasClosed(link), "Opened");
        Assert.That(nearSink.HasClosed(link), Is.False, () => $"closed instead of opened: {nearSink.ClosureOf(link)}");
        IForwardLink? other = null;
        if (link.Traits.ConnectionOriented)
        {
            Driver.Until(() => farSink.OpenedLinks.Exists(IsNew), "Opened at the remote side");
            other = farSink.OpenedLinks.First(IsNew);
        }
        else
        {
            farSink.OnStranger = (IForwardTransport transport, in StrangerSource source, Span<byte> frame) =>
            {
                if (frame.Length == 12 && BinaryPrimitives.ReadUInt32LittleEndian(frame[8..]) == link.Index)
                    other ??= transport.Adopt(source);
            };
            byte[] greeting = new byte[12];
            BinaryPrimitives.WriteUInt32LittleEndian(greeting.AsSpan(8), link.Index);
            Send(link, greeting);
            Driver.Until(() => other is not null, "the stranger's frame");
            farSink.OnStranger = null;
            farSink.Strangers.Clear();
        }

        link.Owner = other!.Index; // the receiver's index, for the tests
        other.Owner = link.Index;
        return (link, other);

        bool IsNew(IForwardLink candidate) => candidate.IsInbound && candidate.Owner is null;
    }

    /// <summary>
    /// A frame of random bytes for the link, with the receiver's index where the medium needs it.
    /// </summary>
    private protected byte[] MakeFrame(IForwardLink link, int length)
    {
        byte[] frame = new byte[length];
        Random.NextBytes(frame);
        if (HasIndex(link.Traits))
            BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), (uint)link.Owner!);
        return frame;
    }

    /// <summary>Claims, fills and commits.</summary>
    private protected static ClaimResult TrySend(IForwardLink link, ReadOnlySpan<byte> frame)
    {
        ClaimResult result = link.TryClaim(frame.Length, out Span<byte> span);
        if (result != ClaimResult.Claimed)
            return result;
        Assert.That(span.Length, Is.EqualTo(frame.Length), "the span's length");
        frame.CopyTo(span);
        link.Commit(frame.Length, realTime: false);
        return result;
    }

    private protected static void Send(IForwardLink link, ReadOnlySpan<byte> frame) =>
        Assert.That(TrySend(link, frame), Is.EqualTo(ClaimResult.Claimed));

    /// <summary>
    /// Sends a frame and waits until it has arrived; repeats it on media that may lose frames.
    /// </summary>
    private protected void SendUntilArrived(IForwardLink from, RecordingSink sink, IForwardLink to, byte[] frame)
    {
        if (from.Traits.Reliable)
            Send(from, frame);
        int cycles = 0;
        Driver.Until(
            () =>
            {
                if (sink.Frames.Exists(entry => entry.Link == to && entry.Frame.AsSpan().SequenceEqual(frame)))
                    return true;
                if (!from.Traits.Reliable && cycles++ % 64 == 0)
                    TrySend(from, frame);
                return false;
            },
            $"a frame of {frame.Length} bytes"
        );
    }

    /// <summary>Compares received with sent frames, as far as the traits promise.</summary>
    private protected static void AssertArrived(LinkTraits traits, List<byte[]> sent, List<byte[]> arrived)
    {
        if (traits.Reliable && traits.Ordered)
        {
            Assert.That(arrived, Has.Count.EqualTo(sent.Count), "every frame");
            for (int i = 0; i < sent.Count; i++)
                Assert.That(arrived[i].AsSpan().SequenceEqual(sent[i]), Is.True, $"frame {i} of {sent.Count}");
            return;
        }

        // Frames may be lost, but each frame that arrives is one of those sent, complete.
        HashSet<string> known = [.. sent.Select(Convert.ToHexString)];
        Assert.That(
            arrived.Select(Convert.ToHexString).Where(frame => !known.Contains(frame)),
            Is.Empty,
            "only whole frames that were sent"
        );
    }

    /// <summary>An open link between two transports of the kind under test.</summary>
    private protected sealed class Pair
    {
        public Pair(TransportConformance suite)
        {
            (A, SinkA) = suite.Start();
            (B, SinkB) = suite.Start();
            (AtA, AtB) = suite.Link(A, SinkA, B, SinkB);
        }

        public IForwardTransport A { get; }

        public IForwardTransport B { get; }

        public RecordingSink SinkA { get; }

        public RecordingSink SinkB { get; }

        /// <summary>The link at A, which connected.</summary>
        public IForwardLink AtA { get; }

        /// <summary>The link at B.</summary>
        public IForwardLink AtB { get; }

        public LinkTraits Traits => AtA.Traits;
    }
}
