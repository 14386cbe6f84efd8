using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Connections;
using FastForward.Transport.Transports.Rings;

namespace FastForward.Tests.Transports.Rings;

/// <summary>The raw side of a link over rings, which may do with its memory what it wants.</summary>
internal sealed unsafe class RingPeer : IDisposable
{
    public const int Capacity = RingPair.UsualCapacity;
    public const int MaxFrameSize = 16 * 1024;

    private ulong _tail;

    private RingPeer() { }

    public RawSeqPacket Socket { get; } = new();

    /// <summary>The other side offers a ring.</summary>
    public bool IsOffered { get; private set; }

    /// <summary>The memory that this side writes.</summary>
    public RingMemory Own { get; private set; } = null!;

    /// <summary>The descriptor of the memory that the other side writes.</summary>
    public Descriptor Received { get; private set; } = null!;

    /// <summary>The memory that the other side writes.</summary>
    public RingMemory Theirs { get; private set; } = null!;

    /// <summary>The rings that this process has mapped, of all its links.</summary>
    public static int Mappings() =>
        File.ReadLines("/proc/self/maps").Count(static line => line.Contains("FastForward ring"));

    /// <summary>Connects, and exchanges opening packets, the features included.</summary>
    public static RingPeer Connect(string path, Action<Func<bool>, string> until)
    {
        RingPeer peer = new();
        Assert.That(peer.Socket.Connect(path), Is.Zero);
        byte[] packet = new byte[OpeningPacket.Length];
        new OpeningPacket(1, OpeningStatus.Welcome, RingOpening.Feature, MaxFrameSize, 0).Write(packet);
        Assert.That(peer.Socket.Send(packet), Is.True);
        byte[]? answer = null;
        until(() => (answer = peer.Socket.Receive()) is { Length: > 0 }, "the opening packet");
        Assert.That(OpeningPacket.Read(answer, out OpeningPacket opening), Is.Null);
        peer.IsOffered = opening.Features == RingOpening.Feature;
        return peer;
    }

    /// <summary>Opens the link as an honest side does.</summary>
    public static RingPeer Open(string path, LoopDriver driver, RecordingSink sink)
    {
        int before = sink.OpenedLinks.Count;
        RingPeer peer = Open(path, driver.Until);
        driver.Until(() => sink.OpenedLinks.Count == before + 1, "Opened");
        Assert.That(sink.OpenedLinks[^1].Traits.SharedMemory, Is.True);
        return peer;
    }

    /// <summary>Opens the link, as far as this side can tell.</summary>
    public static RingPeer Open(string path, Action<Func<bool>, string> until)
    {
        RingPeer peer = Connect(path, until);
        Assert.That(peer.IsOffered, Is.True);
        peer.Open(until);
        return peer;
    }

    /// <summary>Opens the link after <see cref="Connect"/>, when a ring is offered.</summary>
    public void Open(Action<Func<bool>, string> until)
    {
        Assert.That(
            RingMemory.TryCreate(Capacity, out RingMemory? own, out Descriptor? file, out string? problem),
            problem
        );
        Own = own!;
        using (file)
            Assert.That(RingOffer.Send(Socket.Socket, Capacity, file), Is.Zero);
        Descriptor? received = null;
        until(
            () => RingOffer.TryReceive(Socket.Socket, out _, out received, out _, out _) && received is not null,
            "the other side's ring"
        );
        Received = received!;
        Assert.That(RingMemory.TryMap(received!, Capacity, out RingMemory? theirs, out problem, out _), problem);
        Theirs = theirs!;
    }

    /// <summary>Writes a word of the own memory.</summary>
    public void Set(RingWord word, ulong value) => Volatile.Write(ref *(ulong*)(Own.Words + (int)word), value);

    /// <summary>Reads a word of the other side's memory.</summary>
    public ulong Get(RingWord word) => Volatile.Read(ref *(ulong*)(Theirs.Words + (int)word));

    /// <summary>Writes a record into the own ring, without publishing it.</summary>
    public void Put(int offset, uint length) => *(ulong*)(Own.Ring + offset) = length;

    /// <summary>Sends a frame as an honest side does, but for its content, which may change afterwards.</summary>
    public void Send(int length, bool changesWhileRead)
    {
        int record = (RingPair.HeaderLength + length + 7) & ~7;
        int offset = (int)(_tail % Capacity);
        if (offset + record > Capacity)
        {
            Put(offset, uint.MaxValue);
            _tail += (ulong)(Capacity - offset);
            offset = 0;
        }

        Put(offset, (uint)length);
        _tail += (ulong)record;
        Set(RingWord.Tail, _tail);
        Socket.Send([0]);
        if (changesWhileRead)
            Put(offset, uint.MaxValue - 1);
    }

    public void Dispose()
    {
        Socket.Dispose();
        Own?.Dispose();
        Theirs?.Dispose();
        Received?.Dispose();
    }
}
