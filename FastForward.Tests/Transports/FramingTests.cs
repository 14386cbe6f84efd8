using System.Buffers.Binary;
using System.Net.Sockets;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Connections;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Tests.Transports;

/// <summary>Framing on streams and in windowed packets, with a raw peer that violates the protocol.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class FramingTests : IDisposable
{
    private const int MaxFrameSize = 2_000;

    private readonly TemporaryDirectory _directory = new();
    private readonly LoopDriver _driver = new();
    private readonly RecordingSink _sink = new();
    private readonly int _port = TransportHarness.VSocket.NextPort();
    private VSocketTransport? _transport;
    private Socket? _peer;

    public void Dispose()
    {
        _peer?.Dispose();
        _transport?.Dispose();
        _driver.Dispose();
        _directory.Dispose();
    }

    [Test]
    public void Frames_that_arrive_one_byte_at_a_time_are_received()
    {
        Start(SocketType.Stream);
        byte[] first = Bytes(300),
            second = Bytes(1);
        foreach (byte value in (byte[])[.. Prefixed(Opening()), .. Prefixed(first), .. Prefixed(second)])
        {
            Assert.That(_peer!.Send([value]), Is.EqualTo(1));
            _driver.Cycle();
        }

        _driver.Until(() => _sink.FrameCount == 2, "two frames");
        Assert.That(_sink.Frames.Select(entry => entry.Frame), Is.EqualTo(new[] { first, second }));
    }

    [Test]
    public void Frames_that_arrive_in_one_read_are_separated_and_all_delivered()
    {
        Start(SocketType.Stream);
        byte[][] frames = [.. Enumerable.Range(1, 100).Select(Bytes)];
        _peer!.Send([.. Prefixed(Opening()), .. frames.SelectMany(Prefixed)]); // 5 KiB in one segment
        _driver.Until(() => _sink.FrameCount > 0, "the first");

        // No more input follows: the remaining frames are buffered in the process, and the loop must not sleep.
        while (_sink.FrameCount < 100)
        {
            Assert.That(_transport!.Arm(), Is.True, $"after {_sink.FrameCount} frames");
            _transport!.Disarm();
            _transport!.Poll(7);
        }

        Assert.That(_sink.Frames.Select(entry => entry.Frame), Is.EqualTo(frames));
    }

    [Test]
    public void Buffered_frames_of_many_links_are_all_delivered()
    {
        Start(SocketType.Stream);
        List<Socket> others = [.. Enumerable.Range(0, 6).Select(_ => Connect(SocketType.Stream))];
        foreach (Socket other in others)
            other.Send(Prefixed(Opening()));
        _driver.Until(() => _sink.OpenedLinks.Count == 6, "six links");
        foreach (Socket other in others)
            other.Send([.. Enumerable.Repeat(Prefixed(Bytes(10)), 50).SelectMany(static frame => frame)]);
        _driver.Until(() => _sink.FrameCount == 300, "all frames of all links");
        foreach (IForwardLink link in _sink.OpenedLinks)
            Assert.That(_sink.FramesOf(link), Has.Count.EqualTo(50));
        foreach (Socket other in others)
            other.Dispose();
    }

    [TestCase(0u)]
    [TestCase(MaxFrameSize + 1u)]
    [TestCase(uint.MaxValue)]
    public void A_length_outside_the_negotiated_range_closes_a_stream(uint length)
    {
        OpenStream();
        byte[] prefix = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(prefix, length);
        _peer!.Send([.. Prefixed(Bytes(5)), .. prefix]);
        _driver.Until(() => _sink.ClosedLinks.Count == 1, "Closed");
        Assert.That(_sink.ClosedLinks[0].Closure.Reason, Is.EqualTo(LinkCloseReason.ProtocolViolation));
        Assert.That(_sink.ClosedLinks[0].Closure.Detail, Does.Contain($"1 to {MaxFrameSize} were agreed"));
        Assert.That(_sink.FrameCount, Is.EqualTo(1), "the frame before it is delivered");
    }

    [Test]
    public void A_long_frame_before_the_opening_is_refused_at_once()
    {
        Start(SocketType.Stream);
        _peer!.Send([0, 1, 0, 0, .. new byte[10]]); // 256 bytes announced, ten sent
        for (int i = 0; i < 20; i++)
            _driver.Cycle();
        Assert.That(_transport!.Statistics.ProtocolViolations, Is.Zero, "the longest opening of any version");
        using Socket second = Connect(SocketType.Stream);
        second.Send([1, 1, 0, 0]); // 257 bytes announced
        _driver.Until(() => _transport.Statistics.ProtocolViolations == 1, "the violation");
        Assert.That(_sink.OpenedLinks, Is.Empty);
    }

    [Test]
    public void A_stream_that_ends_within_a_frame_closes_without_delivering_it()
    {
        OpenStream();
        _peer!.Send([.. Prefixed(Bytes(5)), .. Prefixed(Bytes(50)).AsSpan(0, 20)]);
        _peer.Dispose();
        _driver.Until(() => _sink.ClosedLinks.Count == 1, "Closed");
        Assert.That(_sink.ClosedLinks[0].Closure.Reason, Is.EqualTo(LinkCloseReason.PeerClosed));
        Assert.That(_sink.FrameCount, Is.EqualTo(1));
    }

    [Test]
    public void Frames_on_a_stream_are_prefixed_with_their_length()
    {
        OpenStream();
        byte[] opening = Receive(4 + OpeningPacket.Length);
        Assert.That(BinaryPrimitives.ReadInt32LittleEndian(opening), Is.EqualTo(OpeningPacket.Length));
        Assert.That(OpeningPacket.Read(opening.AsSpan(4), out OpeningPacket packet), Is.Null);
        Assert.That(packet.MaxFrameSize, Is.EqualTo(MaxFrameSize));
        byte[] frame = Bytes(700);
        SendFrame(frame);
        Assert.That(Receive(704), Is.EqualTo(Prefixed(frame)));
    }

    [Test]
    public void A_stream_resumes_after_a_partial_write()
    {
        OpenStream();
        Receive(4 + OpeningPacket.Length);
        IForwardLink link = _sink.OpenedLinks[0];
        List<byte> sent = [];
        while (true)
        {
            byte[] frame = Bytes(1_999);
            if (link.TryClaim(frame.Length, out Span<byte> span) != ClaimResult.Claimed)
                break;
            frame.CopyTo(span);
            link.Commit(frame.Length, realTime: false);
            sent.AddRange(Prefixed(frame));
        }

        List<byte> received = [];
        byte[] buffer = new byte[777]; // never a whole frame
        while (received.Count < sent.Count)
        {
            received.AddRange(buffer.AsSpan(0, _peer!.Receive(buffer)));
            _driver.Cycle();
        }

        Assert.That(received, Is.EqualTo(sent));
        _driver.Until(() => _sink.WritableLinks.Count == 1, "Writable");
    }

    [Test]
    public void The_window_opens_when_the_peer_reports_what_it_has_read()
    {
        OpenPackets();
        IForwardLink link = _sink.OpenedLinks[0];
        uint sent = 4 + OpeningPacket.Length;
        byte[] frame = Bytes(MaxFrameSize);
        while (link.TryClaim(frame.Length, out Span<byte> span) == ClaimResult.Claimed)
        {
            frame.CopyTo(span);
            link.Commit(frame.Length, realTime: false);
            if (_transport!.Statistics.FramesSent * frame.Length > WindowedPacketChannel.Window)
                Assert.Fail("more than the window was sent");
            sent += 4 + MaxFrameSize;
            while (_peer!.Available > 0)
                _peer.Receive(new byte[MaxFrameSize + 4]); // read, but not reported
        }

        sent -= 4 + MaxFrameSize; // the last frame is staged and waits
        Assert.That(sent, Is.InRange(WindowedPacketChannel.Window - MaxFrameSize - 100, WindowedPacketChannel.Window));
        _driver.UntilQuiet();
        Assert.That(_sink.WritableLinks, Is.Empty);
        _peer!.Send(Word(sent));
        _driver.Until(() => _sink.WritableLinks.Count == 1, "Writable");
        Assert.That(_transport!.Statistics.FramesSent * (4 + MaxFrameSize), Is.GreaterThan(sent - 100));
        _peer.Send([.. Word(sent), .. Bytes(10)]);
        _driver.Until(() => _sink.FrameCount == 1, "a frame after a notice");
    }

    [Test]
    public void A_reader_reports_what_it_has_read_before_the_window_is_full()
    {
        OpenPackets();
        _peer!.Receive(new byte[100]);
        int packets = 0;
        for (; _peer.Available == 0; packets++)
        {
            Assert.That(
                packets * (4 + MaxFrameSize),
                Is.LessThan(WindowedPacketChannel.Window),
                "it reports before the window is used up"
            );
            _peer.Send([.. Word(28), .. Bytes(MaxFrameSize)]);
            _driver.Until(() => _sink.FrameCount == packets + 1, "the frame");
        }

        byte[] notice = new byte[100];
        Assert.That(_peer.Receive(notice), Is.EqualTo(4));
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(notice), Is.EqualTo(28 + (packets * (4 + MaxFrameSize))));
    }

    [Test]
    public void A_reader_whose_sink_throws_still_reports_what_it_has_read()
    {
        OpenPackets();
        _peer!.Receive(new byte[100]);
        _driver.Detach(_transport!);
        _sink.OnFrame = static (_, _) => throw new NotImplementedException("the test's own");
        int packets = 0;
        for (int bytes = 28; bytes < WindowedPacketChannel.Window / 4; bytes += 4 + MaxFrameSize, packets++)
        {
            _peer.Send([.. Word(28), .. Bytes(MaxFrameSize)]);
            Assert.That(
                () =>
                {
                    while (_sink.FrameCount <= packets)
                        _transport!.Poll(64);
                },
                Throws.InstanceOf<NotImplementedException>()
            );
        }

        // The peer sends nothing more: it may be waiting for the notice.
        _sink.OnFrame = null;
        _driver.Attach(_transport!);
        _driver.Until(() => _peer.Available > 0, "the notice");
        byte[] notice = new byte[100];
        Assert.That(_peer.Receive(notice), Is.EqualTo(4));
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(notice), Is.EqualTo(28 + (packets * (4 + MaxFrameSize))));
    }

    [Test]
    public void A_peer_with_a_buffer_smaller_than_the_window_is_reported()
    {
        // UNIX sockets hold fewer small packets than the window allows.
        OpenPackets();
        IForwardLink link = _sink.OpenedLinks[0];
        while (link.TryClaim(100, out _) == ClaimResult.Claimed)
            link.Commit(100, realTime: false);
        _driver.Until(() => _sink.HasClosed(link), "Closed");
        Assert.That(_sink.ClosureOf(link).Reason, Is.EqualTo(LinkCloseReason.Failed));
        Assert.That(
            _sink.ClosureOf(link).Detail,
            Does.Contain($"smaller than the {WindowedPacketChannel.Window} bytes")
        );
    }

    [TestCase(29u, 10, "read more than was sent")]
    [TestCase(0u, MaxFrameSize + 1, "were agreed")]
    public void An_invalid_report_or_an_oversized_frame_closes_a_windowed_link(uint reported, int length, string words)
    {
        OpenPackets();
        _peer!.Send([.. Word(reported), .. Bytes(length)]);
        _driver.Until(() => _sink.ClosedLinks.Count == 1, "Closed");
        Assert.That(_sink.ClosedLinks[0].Closure.Reason, Is.EqualTo(LinkCloseReason.ProtocolViolation));
        Assert.That(_sink.ClosedLinks[0].Closure.Detail, Does.Contain(words));
    }

    [Test]
    public void A_packet_without_a_report_closes_a_windowed_link()
    {
        OpenPackets();
        _peer!.Send([1, 2, 3]);
        _driver.Until(() => _sink.ClosedLinks.Count == 1, "Closed");
        Assert.That(_sink.ClosedLinks[0].Closure.Reason, Is.EqualTo(LinkCloseReason.ProtocolViolation));
    }

    private static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        Random.Shared.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Word(uint value)
    {
        byte[] word = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(word, value);
        return word;
    }

    private static byte[] Prefixed(byte[] frame) => [.. Word((uint)frame.Length), .. frame];

    private static byte[] Opening()
    {
        byte[] packet = new byte[OpeningPacket.Length];
        new OpeningPacket(1, OpeningStatus.Welcome, 0, 16_384, 0).Write(packet);
        return packet;
    }

    private void OpenStream()
    {
        Start(SocketType.Stream);
        _peer!.Send(Prefixed(Opening()));
        _driver.Until(() => _sink.OpenedLinks.Count == 1, "Opened");
    }

    private void OpenPackets()
    {
        Start(SocketType.Seqpacket);
        _peer!.Send([.. Word(0), .. Opening()]);
        _driver.Until(() => _sink.OpenedLinks.Count == 1, "Opened");
    }

    private void Start(SocketType type)
    {
        VSocketTransportOptions options = new()
        {
            Port = _port,
            Type = type == SocketType.Stream ? VSocketType.Stream : VSocketType.SeqPacket,
            MaxFrameSize = MaxFrameSize,
        };
        _transport = new VSocketTransport(options, new UnixVSocketFamily(_directory.Path) { TearsPackets = true });
        _transport.Start(_driver.Loop, _sink);
        _driver.Attach(_transport);
        _peer = Connect(type);
    }

    private Socket Connect(SocketType type)
    {
        Socket socket = new(AddressFamily.Unix, type, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(_directory[$"{_port}.vsock"]));
        return socket;
    }

    private void SendFrame(byte[] frame)
    {
        Assert.That(_sink.OpenedLinks[0].TryClaim(frame.Length, out Span<byte> span), Is.EqualTo(ClaimResult.Claimed));
        frame.CopyTo(span);
        _sink.OpenedLinks[0].Commit(frame.Length, realTime: false);
    }

    private byte[] Receive(int length)
    {
        byte[] bytes = new byte[length];
        int read = 0;
        while (read < length)
            read += _peer!.Receive(bytes.AsSpan(read));
        return bytes;
    }
}
