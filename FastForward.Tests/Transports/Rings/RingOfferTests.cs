using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Rings;
using FastForward.Transport.Transports.Socket;

namespace FastForward.Tests.Transports.Rings;

/// <summary>What a peer may offer instead of a ring: the link closes, and nothing of it stays here.</summary>
public sealed unsafe class RingOfferTests
{
    private const int Sealed = LibC.F_SEAL_SEAL | LibC.F_SEAL_SHRINK | LibC.F_SEAL_GROW | LibC.F_SEAL_FUTURE_WRITE;

    private static IEnumerable<TestCaseData> Offers =>
        [
            Offer("another packet", "offers no ring", static peer => peer.Socket.Send(new byte[RingOffer.Length])),
            Offer("a short packet", "offers no ring", static peer => peer.Socket.Send([1, 2, 3])),
            Offer("no descriptor", "without a descriptor", static peer => Send(peer, RingPeer.Capacity, null)),
            Offer("a descriptor for nothing", "without a ring", static peer => SendMemory(peer, 0, Sealed)),
            Offer("another size", "bytes instead of 262144", static peer => SendMemory(peer, 65_536, Sealed)),
            Offer("a huge size", "bytes instead of 262144", static peer => SendMemory(peer, int.MinValue, Sealed)),
            Offer(
                "less memory than announced",
                "its memory has",
                static peer => SendMemory(peer, RingPeer.Capacity, Sealed, RingMemory.SizeOf(RingPeer.Capacity) - 1)
            ),
            Offer("no seals", "is not sealed", static peer => SendMemory(peer, RingPeer.Capacity, 0)),
            Offer(
                "memory that can shrink",
                "is not sealed",
                static peer => SendMemory(peer, RingPeer.Capacity, Sealed & ~LibC.F_SEAL_SHRINK)
            ),
            Offer(
                "memory that others can write",
                "is not sealed",
                static peer => SendMemory(peer, RingPeer.Capacity, Sealed & ~LibC.F_SEAL_FUTURE_WRITE)
            ),
            Offer(
                "a file",
                "not of memory that can be sealed",
                static peer =>
                {
                    using Descriptor file = new(LibC.Open("/proc/self/maps", LibC.O_CLOEXEC, 0));
                    Send(peer, RingPeer.Capacity, file);
                }
            ),
            Offer(
                "a descriptor with an empty packet",
                "offers no ring",
                static peer => Assert.That(peer.Socket.SendDescriptors(default, 1), Is.True)
            ),
            Offer(
                "two descriptors",
                "more than one descriptor",
                static peer =>
                {
                    byte[] packet = new byte[RingOffer.Length];
                    "FFrg"u8.CopyTo(packet);
                    BitConverter.TryWriteBytes(packet.AsSpan(4), RingPeer.Capacity);
                    Assert.That(peer.Socket.SendDescriptors(packet, 2), Is.True);
                }
            ),
        ];

    [TestCaseSource(nameof(Offers))]
    public void It_is_refused(string what, string reason, object send)
    {
        using TemporaryDirectory directory = new();
        using LoopDriver driver = new();
        CollectingLogger<SocketTransport> log = new();
        using SocketTransport transport = new(
            new SocketTransportOptions { Port = 101, Directory = directory.Path },
            log
        );
        RecordingSink sink = new();
        transport.Start(driver.Loop, sink);
        driver.Attach(transport);
        int before = Directory.GetFiles("/proc/self/fd").Length;
        using (RingPeer peer = RingPeer.Connect(directory["FastForward.101.sock"], driver.Until))
        {
            ((Action<RingPeer>)send)(peer);
            driver.Until(() => transport.Statistics.OpenFailures == 1, what);
            Assert.That(transport.Statistics.ProtocolViolations, Is.EqualTo(1));
            Assert.That(sink.OpenedLinks, Is.Empty);
        }

        driver.Until(() => Directory.GetFiles("/proc/self/fd").Length == before, "no descriptor is left");
        Assert.That(log.TextsOf(1311).Single(), Does.Contain(reason));
    }

    private static TestCaseData Offer(string what, string reason, Action<RingPeer> send) => new(what, reason, send);

    private static void Send(RingPeer peer, int capacity, Descriptor? file) =>
        Assert.That(RingOffer.Send(peer.Socket.Socket, capacity, file), Is.Zero);

    private static void SendMemory(RingPeer peer, int capacity, int seals, long? size = null)
    {
        using Descriptor file = new(LibC.CreateMemory("ring of a test", LibC.MFD_CLOEXEC | LibC.MFD_ALLOW_SEALING));
        Assert.That(LibC.Truncate(file, size ?? RingMemory.SizeOf(RingPeer.Capacity)), Is.Zero);
        Assert.That(LibC.Control(file, LibC.F_ADD_SEALS, seals), Is.Zero);
        Send(peer, capacity, file);
    }
}
