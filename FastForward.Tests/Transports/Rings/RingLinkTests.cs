using System.Globalization;
using System.Net.Sockets;
using FastForward.Transport;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Rings;
using FastForward.Transport.Transports.Socket;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Transports.Rings;

/// <summary>When links share memory, when not, and what a peer that misuses it achieves.</summary>
public sealed unsafe class RingLinkTests
{
    private readonly FakeTimeProvider _time = new();
    private TemporaryDirectory _directory = null!;
    private LoopDriver _driver = null!;
    private int _port;

    private static IEnumerable<TestCaseData> Corruptions =>
        [
            new("a position beyond the ring", (RingPeer peer) => peer.Set(RingWord.Tail, RingPeer.Capacity + 8ul)),
            new("the highest position", (RingPeer peer) => peer.Set(RingWord.Tail, ulong.MaxValue)),
            new("a record without a header", (RingPeer peer) => peer.Set(RingWord.Tail, 4)),
            Record("no length", 0, 16),
            Record("a frame longer than agreed", RingPeer.MaxFrameSize + 1, RingPeer.Capacity),
            Record("a frame longer than what was published", 100, 16),
            Record("the longest length", uint.MaxValue - 1, RingPeer.Capacity),
            Record("padding of the whole ring", uint.MaxValue, RingPeer.Capacity),
        ];

    [SetUp]
    public void Prepare()
    {
        _directory = new TemporaryDirectory();
        _driver = new LoopDriver(_time);
        _port = 100;
    }

    [TearDown]
    public void CleanUp()
    {
        _driver.Dispose();
        _directory.Dispose();
    }

    [Test]
    public void Two_transports_share_memory_without_being_told_to()
    {
        int before = RingPeer.Mappings();
        using (SocketTransport first = Start(out RecordingSink firstSink))
        using (SocketTransport second = Start(out RecordingSink secondSink))
        {
            IForwardLink link = Connect(first, firstSink, second);
            _driver.Until(() => secondSink.OpenedLinks.Count == 1, "Opened");
            foreach (LinkTraits traits in new[] { link.Traits, secondSink.OpenedLinks[0].Traits })
                Assert.That((traits.SharedMemory, traits.NoSharedMemoryReason), Is.EqualTo((true, (string?)null)));
            Assert.That(RingPeer.Mappings() - before, Is.EqualTo(4), "each direction is mapped by both sides");
        }

        Assert.That(RingPeer.Mappings(), Is.EqualTo(before));
    }

    [Test]
    public void A_side_that_wants_none_gets_none([Values] bool connects)
    {
        using SocketTransport with = Start(out RecordingSink withSink);
        using SocketTransport without = Start(out RecordingSink withoutSink, options => options.SharedMemoryLimit = 0);
        IForwardLink link = connects ? Connect(without, withoutSink, with) : Connect(with, withSink, without);
        _driver.Until(() => withSink.OpenedLinks.Count + withoutSink.OpenedLinks.Count == 2, "Opened");
        IForwardLink offered = withSink.OpenedLinks[0];
        Assert.That((link.Traits.SharedMemory, offered.Traits.SharedMemory), Is.EqualTo((false, false)));
        Assert.That(offered.Traits.NoSharedMemoryReason, Is.EqualTo("the peer does not offer it"));
        Assert.That(withoutSink.OpenedLinks[0].Traits.NoSharedMemoryReason, Is.Null);
    }

    [Test]
    public void Links_beyond_the_limit_use_their_sockets_and_the_next_one_gets_what_is_returned([Values] bool connects)
    {
        using SocketTransport small = Start(
            out RecordingSink smallSink,
            options => options.SharedMemoryLimit = 1 << 20
        );
        using SocketTransport large = Start(out RecordingSink largeSink);
        IForwardLink first = Next();
        IForwardLink second = Next();
        Assert.That((first.Traits.SharedMemory, second.Traits.SharedMemory), Is.EqualTo((true, false)));
        Assert.That(second.Traits.NoSharedMemoryReason, Is.EqualTo("the memory for shared rings is used up"));
        Assert.That(largeSink.OpenedLinks[1].Traits.NoSharedMemoryReason, Is.EqualTo("the peer offers none"));
        first.Close();
        _driver.Until(() => smallSink.HasClosed(first) && largeSink.ClosedLinks.Count == 1, "Closed");
        Assert.That(Next().Traits.SharedMemory, Is.True);

        IForwardLink Next()
        {
            int before = smallSink.OpenedLinks.Count;
            if (connects)
                Connect(small, smallSink, large);
            else
                Connect(large, largeSink, small);
            _driver.Until(
                () => smallSink.OpenedLinks.Count == before + 1 && largeSink.OpenedLinks.Count == before + 1,
                "Opened"
            );
            return smallSink.OpenedLinks[before];
        }
    }

    [TestCaseSource(nameof(Corruptions))]
    public void What_breaks_the_framing_closes_the_link(string what, object change)
    {
        using SocketTransport transport = Start(out RecordingSink sink);
        using RingPeer peer = RingPeer.Open(_directory["FastForward.101.sock"], _driver, sink);
        ((Action<RingPeer>)change)(peer);
        _driver.Until(() => sink.ClosedLinks.Count == 1, what);
        Assert.That(sink.ClosedLinks[0].Closure.Reason, Is.EqualTo(LinkCloseReason.ProtocolViolation), what);
        Assert.That(sink.FrameCount, Is.Zero);
        Assert.That(transport.Statistics.ProtocolViolations, Is.EqualTo(1));
    }

    [Test]
    public void A_position_of_the_reader_that_cannot_be_closes_the_link()
    {
        using SocketTransport transport = Start(out RecordingSink sink);
        using RingPeer peer = RingPeer.Open(_directory["FastForward.101.sock"], _driver, sink);
        peer.Set(RingWord.Head, 8);
        while (sink.OpenedLinks[0].TryClaim(RingPeer.MaxFrameSize, out _) == ClaimResult.Claimed)
            sink.OpenedLinks[0].Commit(RingPeer.MaxFrameSize, realTime: false);
        peer.Set(RingWord.Head, 2 * RingPeer.Capacity);
        _driver.Until(() => sink.ClosedLinks.Count == 1, "Closed");
        Assert.That(sink.ClosedLinks[0].Closure.Reason, Is.EqualTo(LinkCloseReason.ProtocolViolation));
    }

    [Test]
    public void After_misuse_the_links_of_the_user_use_their_sockets_for_a_while()
    {
        using SocketTransport transport = Start(out RecordingSink sink);
        using SocketTransport other = Start(out RecordingSink otherSink);
        Misuse();
        Assert.That(
            Connect(other, otherSink, transport).Traits.NoSharedMemoryReason,
            Is.EqualTo("the peer does not offer it")
        );
        _driver.Until(() => sink.OpenedLinks.Count == 2, "Opened");
        Assert.That(
            sink.OpenedLinks[1].Traits.NoSharedMemoryReason,
            Is.EqualTo($"shortly before the link was made a process of user id {LibC.EffectiveUserId()} misused it")
        );
        _time.Advance(TimeSpan.FromSeconds(61));
        _driver.Cycle();
        Misuse();
        _time.Advance(TimeSpan.FromSeconds(61));
        _driver.Cycle();
        Assert.That(Connect(other, otherSink, transport).Traits.SharedMemory, Is.False, "twice as long");
        _time.Advance(TimeSpan.FromSeconds(61));
        _driver.Cycle();
        Assert.That(Connect(other, otherSink, transport).Traits.SharedMemory, Is.True);

        void Misuse()
        {
            int before = sink.ClosedLinks.Count;
            using RingPeer peer = RingPeer.Open(_directory["FastForward.101.sock"], _driver, sink);
            peer.Set(RingWord.Tail, 4);
            _driver.Until(() => sink.ClosedLinks.Count > before, "Closed");
        }
    }

    [Test]
    public void Rings_that_are_always_full_keep_nobody_out()
    {
        using SocketTransport transport = Start(out RecordingSink sink);
        sink.Records = false;
        string path = _directory["FastForward.101.sock"];
        RingPeer[] busy = [.. Enumerable.Range(0, 5).Select(_ => RingPeer.Open(path, _driver, sink))];
        foreach (RingPeer peer in busy)
        {
            for (int offset = 0; offset < RingPeer.Capacity; offset += 16)
                peer.Put(offset, 1);
        }

        using RingPeer other = RingPeer.Connect(
            path,
            (condition, what) =>
            {
                for (int cycle = 0; !condition(); cycle++)
                {
                    Assert.That(cycle, Is.LessThan(100), what);
                    foreach (RingPeer peer in busy)
                        peer.Set(RingWord.Tail, peer.Get(RingWord.Head) + RingPeer.Capacity);
                    _driver.Cycle();
                }
            }
        );
        Assert.That(sink.FrameCount, Is.GreaterThan(100), "they were busy");
        foreach (RingPeer peer in busy)
            Assert.That(peer.Get(RingWord.Head), Is.Positive, "and each was served");
        foreach (RingPeer peer in busy)
            peer.Dispose();
    }

    [Test]
    public void The_peer_can_neither_write_nor_resize_what_this_side_writes()
    {
        using SocketTransport transport = Start(out RecordingSink sink);
        using RingPeer peer = RingPeer.Open(_directory["FastForward.101.sock"], _driver, sink);
        nuint length = (nuint)RingMemory.SizeOf(RingPeer.Capacity);
        Descriptor file = peer.Received;
        Assert.That(Map(file, LibC.PROT_READ), Is.True);
        Assert.That(Map(file, LibC.PROT_READ | LibC.PROT_WRITE), Is.False);
        byte one = 1;
        Assert.That(LibC.Write(file, &one, 1), Is.EqualTo((nint)(-1)));
        Assert.That(LibC.Truncate(file, 0), Is.EqualTo(-1));
        Assert.That(LibC.Truncate(file, (long)length + 4096), Is.EqualTo(-1));
        string again = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file.Number}");
        using Descriptor reopened = new(LibC.Open(again, LibC.O_RDWR | LibC.O_CLOEXEC, 0));
        Assert.That(reopened.IsInvalid || !Map(reopened, LibC.PROT_READ | LibC.PROT_WRITE), Is.True);
        Assert.That(LibC.Control(file, LibC.F_ADD_SEALS, 8), Is.EqualTo(-1), "F_SEAL_WRITE would stop the writer");

        bool Map(Descriptor descriptor, int protection)
        {
            void* start = LibC.Map(null, length, protection, LibC.MAP_SHARED, descriptor, 0);
            if (start == LibC.MapFailed)
                return false;
            LibC.Unmap(start, length);
            return true;
        }
    }

    [Test]
    public void Memory_and_descriptors_come_back_after_a_thousand_links()
    {
        using SocketTransport first = Start(out RecordingSink firstSink);
        using SocketTransport second = Start(out RecordingSink secondSink);
        (int mappings, int descriptors) = (RingPeer.Mappings(), Descriptors());
        for (int i = 1; i <= 1000; i++)
        {
            IForwardLink link = Connect(first, firstSink, second);
            Assert.That(link.Traits.SharedMemory, Is.True);
            link.Close();
            _driver.Until(() => firstSink.ClosedLinks.Count == i && secondSink.ClosedLinks.Count == i, "Closed");
        }

        Assert.That((RingPeer.Mappings(), Descriptors()), Is.EqualTo((mappings, descriptors)));
    }

    [Test]
    public void Memory_and_descriptors_come_back_after_peers_were_killed()
    {
        string kills = Environment.GetEnvironmentVariable("FASTFORWARD_KILLS") ?? "5";
        using SocketTransport transport = Start(out RecordingSink sink);
        (int mappings, int descriptors) = (RingPeer.Mappings(), Descriptors());
        for (int i = 1; i <= int.Parse(kills, CultureInfo.InvariantCulture); i++)
        {
            using (TestProcess peer = TestProcess.Start("peer", "socket", _directory.Path, $"{1000 + i}", "True"))
            {
                IForwardLink link = transport.Connect(new UnixDomainSocketEndPoint(peer.ReadLine()));
                _driver.Until(() => sink.OpenedLinks.Contains(link), "Opened");
                Assert.That(link.Traits.SharedMemory, Is.True);
                peer.Kill();
                _driver.Until(() => sink.HasClosed(link), "Closed");
                Assert.That(sink.ClosureOf(link).Reason, Is.EqualTo(LinkCloseReason.PeerClosed));
            }

            Assert.That(RingPeer.Mappings(), Is.EqualTo(mappings));
        }

        Assert.That(Descriptors(), Is.EqualTo(descriptors));
    }

    private static TestCaseData Record(string name, uint length, ulong published) =>
        new(
            name,
            (RingPeer peer) =>
            {
                peer.Put(0, length);
                peer.Set(RingWord.Tail, published);
            }
        );

    // Of links: processes that the tests start have others.
    private static int Descriptors() =>
        Directory
            .GetFiles("/proc/self/fd")
            .Select(static file => new FileInfo(file).LinkTarget)
            .Count(static target => target is not null && (target.StartsWith("socket:") || target.Contains("memfd:")));

    private IForwardLink Connect(SocketTransport from, RecordingSink sink, SocketTransport to)
    {
        IForwardLink link = from.Connect(to.LocalEndPoints[0]);
        _driver.Until(() => sink.OpenedLinks.Contains(link), "Opened");
        return link;
    }

    private SocketTransport Start(out RecordingSink sink, Action<SocketTransportOptions>? change = null)
    {
        SocketTransportOptions options = new() { Port = ++_port, Directory = _directory.Path };
        change?.Invoke(options);
        SocketTransport transport = new(options);
        sink = new RecordingSink();
        transport.Start(_driver.Loop, sink);
        _driver.Attach(transport);
        return transport;
    }
}
