using System.Net.Sockets;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Connections;
using FastForward.Transport.Transports.Socket;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Transports;

/// <summary>The opening exchange of UNIX sockets, and peers that violate it.</summary>
public sealed class SocketTransportTests
{
    private TemporaryDirectory _directory = null!;
    private LoopDriver _driver = null!;
    private int _port;

    [SetUp]
    public void Prepare()
    {
        _directory = new TemporaryDirectory();
        _driver = new LoopDriver();
        _port = 100;
    }

    [TearDown]
    public void CleanUp()
    {
        _driver.Dispose();
        _directory.Dispose();
    }

    [Test]
    public void A_user_id_that_is_not_listed_is_refused_and_both_sides_report_it()
    {
        uint own = LibC.EffectiveUserId();
        using SocketTransport picky = Start(
            Options(options => options.AllowedUserIds = [own + 4711]),
            out RecordingSink pickySink
        );
        using SocketTransport open = Start(Options(), out RecordingSink openSink);

        IForwardLink refused = open.Connect(picky.LocalEndPoints[0]);
        _driver.Until(() => openSink.HasClosed(refused), "the refusal");
        LinkClosure closure = openSink.ClosureOf(refused);
        Assert.That(closure.Reason, Is.EqualTo(LinkCloseReason.NotPermitted));
        Assert.That(closure.Detail, Does.Contain($"id {own}"));
        Assert.That(openSink.OpenedLinks, Is.Empty);
        Assert.That(pickySink.OpenedLinks, Is.Empty);
        Assert.That(picky.Statistics.NotPermitted, Is.EqualTo(1));

        IForwardLink refusing = picky.Connect(open.LocalEndPoints[0]);
        _driver.Until(() => pickySink.HasClosed(refusing), "the refusal of the connector");
        closure = pickySink.ClosureOf(refusing);
        Assert.That(closure.Reason, Is.EqualTo(LinkCloseReason.NotPermitted));
        Assert.That(
            closure.Detail,
            Does.Contain($"user id {own}")
                .And.Contain((own + 4711).ToString(System.Globalization.CultureInfo.InvariantCulture))
        );
        _driver.UntilQuiet();
        Assert.That(openSink.OpenedLinks, Is.Empty);
    }

    [Test]
    public void A_refused_user_is_named_in_the_log()
    {
        CollectingLogger<SocketTransport> log = new();
        using SocketTransport transport = new(Options(), log);
        transport.Start(_driver.Loop, new RecordingSink());
        _driver.Attach(transport);
        using RawSeqPacket peer = new();
        Assert.That(peer.Connect(((UnixDomainSocketEndPoint)transport.LocalEndPoints[0]).ToString()), Is.Zero);
        peer.Send(new byte[24]);
        _driver.Until(() => log.TextsOf(1311).Any(), "the entry");
        Assert.That(
            log.TextsOf(1311).Single(),
            Does.StartWith(
                    $"A connection from user id {LibC.EffectiveUserId()}, process {Environment.ProcessId} was refused: "
                )
                .And.Contain("does not speak FastForward")
        );
    }

    [Test]
    public void Root_is_allowed_once() =>
        Assert.That(
            new SocketTransportOptions().EffectiveUserIds,
            Is.Unique.And.Contains(0u).And.Contains(LibC.EffectiveUserId())
        );

    [TestCase(0, TestName = "Opening: an empty packet")]
    [TestCase(1, TestName = "Opening: one byte")]
    [TestCase(23, TestName = "Opening: too short")]
    [TestCase(25, TestName = "Opening: too long for version 1")]
    [TestCase(300, TestName = "Opening: too long for any version")]
    [TestCase(-1, TestName = "Opening: wrong magic")]
    [TestCase(-2, TestName = "Opening: version 0")]
    [TestCase(-3, TestName = "Opening: frames too small")]
    [TestCase(-4, TestName = "Opening: far longer than a frame")]
    public void Garbage_in_the_opening_closes_the_connection(int kind)
    {
        using SocketTransport transport = Start(Options(), out RecordingSink sink);
        using RawSeqPacket peer = new();
        Assert.That(peer.Connect(_directory["FastForward.101.sock"]), Is.Zero);
        byte[] packet = kind switch
        {
            -1 => Opening(magic: 'X'),
            -2 => Opening(version: 0),
            -3 => Opening(maxFrameSize: 1199),
            -4 => new byte[60_000],
            25 => [.. Opening(), 0],
            _ => new byte[kind],
        };
        peer.Send(packet);
        _driver.Until(() => Ends(peer), "the end of the connection");
        Assert.That(sink.OpenedLinks, Is.Empty);
        Assert.That(sink.ClosedLinks, Is.Empty, "the sink never knew of it");
        Assert.That(transport.Statistics.OpenFailures, Is.EqualTo(1));
        if (kind != 0)
            Assert.That(transport.Statistics.ProtocolViolations, Is.EqualTo(1));
    }

    [Test]
    public void A_listener_that_answers_garbage_is_a_protocol_violation()
    {
        using SocketTransport transport = Start(Options(), out RecordingSink sink);
        using RawSeqPacket stranger = new();
        stranger.Listen(_directory["stranger.sock"], 5);
        IForwardLink link = transport.Connect(new UnixDomainSocketEndPoint(_directory["stranger.sock"]));
        using RawSeqPacket accepted = stranger.Accept();
        accepted.Send("HTTP/1.1 400 Bad Request\r\n\r\n"u8);
        _driver.Until(() => sink.HasClosed(link), "Closed");
        Assert.That(sink.ClosureOf(link).Reason, Is.EqualTo(LinkCloseReason.ProtocolViolation));
        Assert.That(sink.ClosureOf(link).Detail, Does.Contain("opening packet").Or.Contain("magic"));
    }

    [Test]
    public void Unknown_features_and_later_versions_are_accepted_and_the_smaller_frame_size_applies()
    {
        using SocketTransport transport = Start(Options(), out RecordingSink sink);
        using RawSeqPacket peer = new();
        Assert.That(peer.Connect(_directory["FastForward.101.sock"]), Is.Zero);
        peer.Send([
            .. Opening(version: 7, features: ulong.MaxValue & ~RingOpening.Feature, maxFrameSize: 2000),
            1,
            2,
            3,
        ]);
        _driver.Until(() => sink.OpenedLinks.Count == 1, "Opened");
        IForwardLink link = sink.OpenedLinks[0];
        Assert.That(link.Traits.MaxFrameSize, Is.EqualTo(2000));
        Assert.That(link.TryClaim(2001, out _), Is.EqualTo(ClaimResult.TooLarge));
        Assert.That(link.Traits.Credentials!.UserId, Is.EqualTo(LibC.EffectiveUserId()));

        peer.Send(new byte[2000]);
        _driver.Until(() => sink.FrameCount == 1, "a frame of the agreed length");
        peer.Send(new byte[2001]);
        _driver.Until(() => sink.HasClosed(link), "Closed");
        Assert.That(sink.ClosureOf(link).Reason, Is.EqualTo(LinkCloseReason.ProtocolViolation));
        Assert.That(sink.ClosureOf(link).Detail, Does.Contain("2001"));
        Assert.That(sink.FrameCount, Is.EqualTo(1));
    }

    [Test]
    public void An_empty_packet_ends_a_link()
    {
        using SocketTransport transport = Start(Options(), out RecordingSink sink);
        using RawSeqPacket peer = OpenRaw(sink);
        peer.Send(default);
        _driver.Until(() => sink.ClosedLinks.Count == 1, "Closed");
        Assert.That(sink.ClosedLinks[0].Closure.Reason, Is.EqualTo(LinkCloseReason.PeerClosed));
    }

    [Test]
    public void A_peer_that_stops_reading_but_stays_is_left()
    {
        using SocketTransport transport = Start(Options(), out RecordingSink sink);
        using RawSeqPacket peer = OpenRaw(sink);
        IForwardLink link = sink.OpenedLinks[0];
        peer.Send("last words"u8);
        peer.ShutdownInput();
        Assert.That(link.TryClaim(10, out _), Is.EqualTo(ClaimResult.Claimed));
        link.Commit(10, false);
        _driver.Until(() => sink.HasClosed(link), "Closed");
        Assert.That(sink.ClosureOf(link).Reason, Is.EqualTo(LinkCloseReason.PeerClosed));
        Assert.That(sink.FramesOf(link).Single(), Is.EqualTo("last words"u8.ToArray()));
    }

    [Test]
    public void Connections_that_never_open_are_bounded_do_not_block_others_and_time_out()
    {
        FakeTimeProvider time = new();
        _driver.Dispose();
        _driver = new LoopDriver(time);
        using SocketTransport transport = Start(
            Options(options => options.MaxPendingOpens = 3),
            out RecordingSink sink
        );
        List<RawSeqPacket> idlers = [.. Enumerable.Range(0, 8).Select(_ => new RawSeqPacket())];
        foreach (RawSeqPacket idler in idlers)
            Assert.That(idler.Connect(_directory["FastForward.101.sock"]), Is.Zero);
        _driver.Until(
            () => transport.Statistics.OpenFailures == 5,
            "the later ones to take the places of the earlier ones"
        );
        Assert.That(
            idlers.Select(Ends),
            Is.EqualTo(Enumerable.Range(0, 8).Select(i => i < 5)),
            "the oldest have made room"
        );

        using SocketTransport good = Start(Options(), out RecordingSink goodSink);
        good.Connect(transport.LocalEndPoints[0]);
        _driver.Until(
            () => goodSink.OpenedLinks.Count == 1 && sink.OpenedLinks.Count == 1,
            "a decent one to get in, although no time passes"
        );
        Assert.That(transport.Statistics.OpenFailures, Is.EqualTo(6), "in the place of one that says nothing");
        _driver.UntilQuiet();
        long sleeps = _driver.Loop.Statistics.Sleeps;
        _driver.Loop.Sleep(10_000);
        Assert.That(
            _driver.Loop.Statistics.Sleeps,
            Is.EqualTo(sleeps + 1),
            "those that say nothing do not keep the loop awake"
        );
        time.Advance(TimeSpan.FromSeconds(6));
        _driver.Until(() => transport.Statistics.OpenFailures == 8, "the rest to time out");
        foreach (RawSeqPacket idler in idlers)
            idler.Dispose();
    }

    [Test]
    public void A_listener_that_never_answers_times_out()
    {
        using SocketTransport transport = Start(
            Options(options => options.OpenTimeout = TimeSpan.FromMilliseconds(100)),
            out RecordingSink sink
        );
        using RawSeqPacket mute = new();
        mute.Listen(_directory["mute.sock"], 5);
        IForwardLink link = transport.Connect(new UnixDomainSocketEndPoint(_directory["mute.sock"]));
        _driver.Until(() => sink.HasClosed(link), "Closed");
        Assert.That(sink.ClosureOf(link).Reason, Is.EqualTo(LinkCloseReason.OpenTimeout));
    }

    [Test]
    public void The_time_to_open_runs_from_Connect_also_before_the_first_duty_cycle()
    {
        FakeTimeProvider time = new();
        using LoopDriver late = new(time);
        time.Advance(TimeSpan.FromMinutes(10)); // the application runs the loop long after creating it
        using SocketTransport transport = new(Options());
        RecordingSink sink = new();
        transport.Start(late.Loop, sink);
        late.Attach(transport);
        using RawSeqPacket mute = new();
        mute.Listen(_directory["mute.sock"], 5);
        IForwardLink link = transport.Connect(new UnixDomainSocketEndPoint(_directory["mute.sock"]));
        for (int i = 0; i < 50; i++)
            late.Cycle();
        Assert.That(sink.ClosedLinks, Is.Empty);
        time.Advance(TimeSpan.FromSeconds(4.9));
        for (int i = 0; i < 50; i++)
            late.Cycle();
        Assert.That(sink.ClosedLinks, Is.Empty);
        time.Advance(TimeSpan.FromSeconds(0.2));
        for (int i = 0; i < 50; i++)
            late.Cycle();
        Assert.That(sink.ClosureOf(link).Reason, Is.EqualTo(LinkCloseReason.OpenTimeout));
    }

    [Test]
    public void A_full_backlog_is_retried_until_there_is_room_or_the_time_out()
    {
        using SocketTransport transport = Start(Options(options => options.Backlog = 1), out RecordingSink sink);
        using SocketTransport connector = Start(Options(), out RecordingSink connectorSink);
        using SocketTransport impatient = Start(
            Options(options => options.OpenTimeout = TimeSpan.FromMilliseconds(50)),
            out RecordingSink impatientSink
        );
        _driver.Detach(transport);
        List<IForwardLink> links =
        [
            .. Enumerable.Range(0, 10).Select(_ => connector.Connect(transport.LocalEndPoints[0])),
        ];
        IForwardLink late = impatient.Connect(transport.LocalEndPoints[0]);
        _driver.Until(() => impatientSink.HasClosed(late), "the impatient one to give up");
        Assert.That(impatientSink.ClosureOf(late).Reason, Is.EqualTo(LinkCloseReason.OpenTimeout));
        Assert.That(impatientSink.ClosureOf(late).Detail, Does.Contain("backlog"));
        _driver.Attach(transport);
        _driver.Until(() => connectorSink.OpenedLinks.Count == 10, "ten links through a backlog of one");
        Assert.That(sink.OpenedLinks, Has.Count.EqualTo(10));
    }

    [Test]
    public void Running_out_of_descriptors_pauses_accepting_until_some_are_free()
    {
        using SocketTransport transport = Start(Options(), out RecordingSink sink);
        using RawSeqPacket peer = new();
        (ulong soft, ulong hard) = DescriptorLimit.Get();
        try
        {
            // Warm-up: everything that the path needs is loaded before descriptors run out.
            using (RawSeqPacket first = OpenRaw(sink)) { }

            _driver.Until(() => sink.ClosedLinks.Count == 1, "Closed");
            Assert.That(peer.Connect(_directory["FastForward.101.sock"]), Is.Zero);
            DescriptorLimit.Set(3, hard); // descriptors that are open stay open
            _driver.Until(() => transport.Statistics.AcceptPauses > 0, "accept to fail");
            long sleeps = _driver.Loop.Statistics.Sleeps;
            _driver.Loop.Sleep(10_000);
            Assert.That(
                _driver.Loop.Statistics.Sleeps,
                Is.EqualTo(sleeps + 1),
                "the waiting connection does not keep the loop awake"
            );
        }
        finally
        {
            DescriptorLimit.Set(soft, hard);
        }

        peer.Send(Opening());
        _driver.Until(() => sink.OpenedLinks.Count == 2, "the connection once there are descriptors again");
    }

    [Test]
    public void A_flooding_link_does_not_starve_the_others()
    {
        using SocketTransport transport = Start(Options(), out RecordingSink sink);
        List<RawSeqPacket> peers = [.. Enumerable.Range(0, 6).Select(i => OpenRaw(sink))];
        for (int i = 0; i < 200; i++)
        {
            Assert.That(peers[0].Send(new byte[100]), Is.True);
        }

        foreach (RawSeqPacket quiet in peers.Skip(1))
            quiet.Send(new byte[10]);
        int polls = 0;
        while (sink.Frames.Count(entry => entry.Frame.Length == 10) < 5 && polls++ < 100)
            transport.Poll(12);
        Assert.That(sink.Frames.Count(entry => entry.Frame.Length == 10), Is.EqualTo(5), "the quiet ones were heard");
        Assert.That(sink.FrameCount, Is.LessThan(100), "before the flood was through");
        foreach (RawSeqPacket peer in peers)
            peer.Dispose();
    }

    private static byte[] Opening(char magic = 'F', ushort version = 1, ulong features = 0, uint maxFrameSize = 16_384)
    {
        byte[] packet = new byte[OpeningPacket.Length];
        new OpeningPacket(version, OpeningStatus.Welcome, features, maxFrameSize, 0).Write(packet);
        packet[0] = (byte)magic;
        return packet;
    }

    private static bool Ends(RawSeqPacket socket)
    {
        while (true)
        {
            byte[]? packet = socket.Receive();
            if (packet is null)
                return true;
            if (packet.Length == 0)
                return false;
        }
    }

    private RawSeqPacket OpenRaw(RecordingSink sink)
    {
        int before = sink.OpenedLinks.Count;
        RawSeqPacket peer = new();
        Assert.That(peer.Connect(_directory["FastForward.101.sock"]), Is.Zero);
        peer.Send(Opening());
        _driver.Until(() => sink.OpenedLinks.Count == before + 1, "Opened");
        return peer;
    }

    private SocketTransportOptions Options(Action<SocketTransportOptions>? change = null)
    {
        SocketTransportOptions options = new() { Port = ++_port, Directory = _directory.Path };
        change?.Invoke(options);
        return options;
    }

    private SocketTransport Start(SocketTransportOptions options, out RecordingSink sink)
    {
        SocketTransport transport = new(options);
        sink = new RecordingSink();
        transport.Start(_driver.Loop, sink);
        _driver.Attach(transport);
        return transport;
    }
}
