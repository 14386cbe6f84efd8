using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using FastForward.Tests.Host.Processes;
using FastForward.Tests.Transports;
using FastForward.Transport.Addressing;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Connections;
using FastForward.Transport.Transports.Rdma;

namespace FastForward.Tests.Lab;

/// <summary>RDMA links that end badly, end typed and in time, and leave nothing behind.</summary>
[Category("Lab")]
public sealed class RdmaFaultTests
{
    private const string Near = "10.99.0.1";
    private const string Far = "10.99.0.2";
    private const int SIGCONT = 18;
    private const int SIGSTOP = 19;

    private static readonly byte[] s_frame = [.. Enumerable.Range(0, 100).Select(static i => (byte)i)];

    private readonly List<IForwardTransport> _transports = [];
    private LoopDriver _driver = null!;

    [SetUp]
    public void SetUp()
    {
        Requires.Lab();
        MakeDevices();
        _driver = new LoopDriver();
    }

    [TearDown]
    public void TearDown()
    {
        foreach (IForwardTransport transport in _transports)
            transport.Dispose();
        _transports.Clear();
        _driver.Dispose();
    }

    /// <summary>FASTFORWARD_RDMA_CYCLES sets their number; test.sh --all runs 10,000.</summary>
    [Test]
    public void Connections_that_come_and_go_leave_no_resource_behind()
    {
        string? wanted = Environment.GetEnvironmentVariable("FASTFORWARD_RDMA_CYCLES");
        int cycles = string.IsNullOrEmpty(wanted) ? 500 : int.Parse(wanted, CultureInfo.InvariantCulture);
        string before = Resources();
        (IForwardTransport a, RecordingSink sinkA) = Start(Near);
        (IForwardTransport b, RecordingSink sinkB) = Start(Far);
        RunCycle(a, sinkA, b, sinkB);
        string idle = Resources();
        int descriptors = Descriptors();
        for (int i = 0; i < cycles; i++)
            RunCycle(a, sinkA, b, sinkB);

        Eventually.True(
            () =>
            {
                _driver.Cycle();
                return Resources() == idle;
            },
            () => $"after {cycles} cycles {Resources()}instead of {idle}"
        );
        Assert.That(Descriptors(), Is.EqualTo(descriptors));
        foreach (IForwardTransport transport in _transports)
        {
            _driver.Detach(transport);
            transport.Dispose();
        }

        Assert.That(Resources(), Is.EqualTo(before), "without a transport");
        TestContext.Progress.WriteLine(
            $"{cycles} cycles on Linux {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}: {Resources()}"
        );
    }

    [Test]
    public void A_peer_without_receives_for_its_credits_is_a_protocol_violation()
    {
        using RawRdmaPeer peer = Peer(Opening(credits: 64), receives: 2, out RdmaEndPoint place);
        (IForwardTransport transport, RecordingSink sink) = Start(Near);
        IForwardLink link = Open(transport, sink, place, peer);
        for (int i = 0; i < 10; i++)
            Assert.That(TrySend(link), Is.True);
        Until(peer, () => sink.HasClosed(link), "Closed");
        Assert.That(sink.ClosureOf(link).Reason, Is.EqualTo(LinkCloseReason.ProtocolViolation));
        Assert.That(sink.ClosureOf(link).Detail, Is.EqualTo("the peer has no receive for a frame within its credits"));
    }

    [TestCase(4, 1u, "the peer claims to have handled more frames than were sent")]
    [TestCase(3, 0u, "received a message of 3 bytes")]
    [TestCase(4101, 0u, "a message does not fit the receive that was posted for it")]
    public void A_message_that_breaks_the_framing_is_a_protocol_violation(int length, uint handled, string detail)
    {
        using RawRdmaPeer peer = Peer(Opening(credits: 64), receives: 64, out RdmaEndPoint place);
        (IForwardTransport transport, RecordingSink sink) = Start(Near);
        IForwardLink link = Open(transport, sink, place, peer);
        Until(peer, () => peer.IsConnected, "the peer's event");
        byte[] message = new byte[length];
        if (length >= sizeof(uint))
            BinaryPrimitives.WriteUInt32LittleEndian(message, handled);
        peer.Send(message);
        Until(peer, () => sink.HasClosed(link), "Closed");
        Assert.That(sink.ClosureOf(link).ToString(), Does.StartWith($"ProtocolViolation: {detail}"));
    }

    [Test]
    public void A_peer_that_does_not_speak_the_protocol_is_a_protocol_violation()
    {
        using RawRdmaPeer peer = Peer(new byte[56], receives: 4, out RdmaEndPoint place);
        (IForwardTransport transport, RecordingSink sink) = Start(Near);
        IForwardLink link = transport.Connect(place);
        Until(peer, () => sink.HasClosed(link), "Closed");
        Assert.That(sink.ClosureOf(link).Reason, Is.EqualTo(LinkCloseReason.ProtocolViolation));
        Assert.That(sink.OpenedLinks, Is.Empty);
    }

    [Test]
    public void A_full_transport_refuses_and_says_its_limit()
    {
        (IForwardTransport full, RecordingSink sinkFull) = Start(Far, links: 1);
        (IForwardTransport transport, RecordingSink sink) = Start(Near);
        IForwardLink first = transport.Connect(full.LocalEndPoints[0]);
        _driver.Until(() => sink.OpenedLinks.Contains(first) && sinkFull.OpenedLinks.Count == 1, "Opened");
        IForwardLink second = transport.Connect(full.LocalEndPoints[0]);
        _driver.Until(() => sink.HasClosed(second), "Closed");
        Assert.That(sink.ClosureOf(second).Reason, Is.EqualTo(LinkCloseReason.ConnectRefused));
        Assert.That(sink.ClosureOf(second).Detail, Is.EqualTo("the peer has its limit of 1 RDMA links"));
        IForwardLink outbound = full.Connect(transport.LocalEndPoints[0]);
        _driver.Until(() => sinkFull.HasClosed(outbound), "Closed here");
        Assert.That(sinkFull.ClosureOf(outbound).Detail, Is.EqualTo("the limit of 1 RDMA links is reached"));

        // The memory of a closed link serves the next one.
        first.Close();
        _driver.Until(() => sinkFull.ClosedLinks.Count == 2, "Closed there");
        IForwardLink? third = null;
        _driver.Until(
            () =>
            {
                if (third is null || sink.HasClosed(third))
                    third = transport.Connect(full.LocalEndPoints[0]);
                return sink.OpenedLinks.Contains(third);
            },
            "Opened again"
        );
    }

    [Test]
    public void A_stopped_process_causes_back_pressure_and_goes_on_where_it_was()
    {
        using TestProcess process = TestProcess.Start("peer", "rdma", Far, Port());
        RdmaEndPoint place = Parse(process.ReadLine());
        (IForwardTransport transport, RecordingSink sink) = Start(Near);
        IForwardLink link = transport.Connect(place);
        _driver.Until(() => sink.OpenedLinks.Contains(link), "Opened");
        RunningProgram.Signal(process.Id, SIGSTOP);
        int sent = 0;
        while (TrySend(link))
            sent++;
        Assert.That(sent, Is.EqualTo(32), "the credits of the peer");
        _driver.UntilQuiet();
        Assert.That((sink.ClosedLinks.Count, sink.WritableLinks.Count), Is.EqualTo((0, 0)));
        RunningProgram.Signal(process.Id, SIGCONT);
        _driver.Until(() => sink.FrameCount == sent && sink.WritableLinks.Count == 1, "the echo of all frames");
        Assert.That(sink.FramesOf(link), Has.All.EqualTo(s_frame));
    }

    [Test]
    public void An_interface_that_goes_down_closes_the_link()
    {
        (IForwardTransport a, RecordingSink sinkA) = Start(Near);
        (IForwardTransport b, RecordingSink sinkB) = Start(Far);
        IForwardLink link = a.Connect(b.LocalEndPoints[0]);
        _driver.Until(() => sinkA.OpenedLinks.Contains(link) && sinkB.OpenedLinks.Count == 1, "Opened");
        LabProgram.Run("ip", "link", "set", "rdma1", "down");
        try
        {
            _driver.Until(
                () =>
                {
                    TrySend(link);
                    return sinkA.HasClosed(link);
                },
                "Closed"
            );
        }
        finally
        {
            MakeDevices();
        }

        Assert.That(
            sinkA.ClosureOf(link).Reason,
            Is.AnyOf(LinkCloseReason.Failed, LinkCloseReason.PeerClosed),
            sinkA.ClosureOf(link).ToString()
        );
        TestContext.Progress.WriteLine(sinkA.ClosureOf(link).ToString());
    }

    private static void MakeDevices() =>
        LabProgram.Run(Path.Combine(TestEnvironment.LabDirectory!, "guest", "soft-rdma"));

    private static string Port() => TransportHarness.Rdma.NextPort().ToString(CultureInfo.InvariantCulture);

    private static RdmaEndPoint Parse(string text) =>
        new(text.Split(':')[1], int.Parse(text.AsSpan(text.LastIndexOf(':') + 1), CultureInfo.InvariantCulture));

    private static byte[] Opening(ushort credits)
    {
        byte[] opening = new byte[RdmaOpening.Length];
        new RdmaOpening(new OpeningPacket(1, OpeningStatus.Welcome, 0, 4096, 0), credits).Write(opening);
        return opening;
    }

    private static RawRdmaPeer Peer(byte[] opening, int receives, out RdmaEndPoint place)
    {
        int port = TransportHarness.Rdma.NextPort();
        place = new RdmaEndPoint(Far, port);
        return new RawRdmaPeer(Far, port, opening, receives);
    }

    private static string Resources() => LabProgram.Run("rdma", "resource", "show");

    private static int Descriptors() => Directory.GetFiles("/proc/self/fd").Length;

    private static bool TrySend(IForwardLink link)
    {
        if (link.TryClaim(s_frame.Length, out Span<byte> span) != ClaimResult.Claimed)
            return false;
        s_frame.CopyTo(span);
        link.Commit(s_frame.Length, realTime: false);
        return true;
    }

    private (IForwardTransport Transport, RecordingSink Sink) Start(string address, int links = 20)
    {
        RdmaTransport transport = new(
            new RdmaTransportOptions
            {
                Addresses = [IPAddress.Parse(address)],
                Port = TransportHarness.Rdma.NextPort(),
                MaxLinks = links,
            }
        );
        RecordingSink sink = new();
        transport.Start(_driver.Loop, sink);
        _driver.Attach(transport);
        _transports.Add(transport);
        return (transport, sink);
    }

    private IForwardLink Open(IForwardTransport transport, RecordingSink sink, RdmaEndPoint place, RawRdmaPeer peer)
    {
        IForwardLink link = transport.Connect(place);
        Until(peer, () => sink.OpenedLinks.Contains(link), "Opened");
        return link;
    }

    private void Until(RawRdmaPeer peer, Func<bool> condition, string what) =>
        _driver.Until(
            () =>
            {
                peer.Step();
                return condition();
            },
            what
        );

    private void RunCycle(IForwardTransport a, RecordingSink sinkA, IForwardTransport b, RecordingSink sinkB)
    {
        int frames = sinkB.FrameCount;
        int closed = sinkB.ClosedLinks.Count;
        IForwardLink link = a.Connect(b.LocalEndPoints[0]);
        _driver.Until(() => sinkA.OpenedLinks.Contains(link), "Opened");
        Assert.That(TrySend(link), Is.True);
        link.Close();
        _driver.Until(() => sinkA.HasClosed(link) && sinkB.ClosedLinks.Count > closed, "Closed at both sides");
        Assert.That(sinkB.FrameCount, Is.EqualTo(frames + 1), "what was sent before the close arrives");
        sinkA.OpenedLinks.Clear();
        sinkA.ClosedLinks.Clear();
        sinkB.OpenedLinks.Clear();
        sinkB.Frames.Clear();
    }
}
