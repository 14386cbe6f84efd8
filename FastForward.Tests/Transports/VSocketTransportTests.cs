using System.Net;
using System.Net.Sockets;
using FastForward.Transport;
using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Tests.Transports;

/// <summary>
/// Behaviour specific to vSockets: socket types and error messages. UNIX sockets emulate them.
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class VSocketTransportTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly LoopDriver _driver = new();
    private readonly List<IForwardTransport> _transports = [];

    public void Dispose()
    {
        foreach (IForwardTransport transport in _transports)
            transport.Dispose();
        _driver.Dispose();
        _directory.Dispose();
    }

    [Test]
    public void A_listener_uses_the_type_that_others_can_connect_to()
    {
        UnixVSocketFamily family = Family();
        Assert.That(Start(family, out _).ListenerType, Is.EqualTo(VSocketType.SeqPacket));
        Assert.That(
            family.Created,
            Is.EqualTo(new[] { LibC.SOCK_SEQPACKET }),
            "not datagrams, although they could be bound"
        );

        family = Family();
        family.Missing.Add(LibC.SOCK_SEQPACKET, Errno.ESOCKTNOSUPPORT);
        Assert.That(Start(family, out _).ListenerType, Is.EqualTo(VSocketType.Stream), "a kernel before 5.14");
        Assert.That(family.Created, Is.EqualTo(new[] { LibC.SOCK_SEQPACKET, LibC.SOCK_STREAM }));

        family = Family();
        family.CarriesSeqPacket = false;
        Assert.That(
            Start(family, out _).ListenerType,
            Is.EqualTo(VSocketType.Stream),
            "seqpacket could be listened on, but no connection could arrive"
        );
        Assert.That(family.Created, Is.EqualTo(new[] { LibC.SOCK_STREAM }));
        Assert.That(
            Start(family, out _, VSocketType.SeqPacket).ListenerType,
            Is.EqualTo(VSocketType.SeqPacket),
            "asked for"
        );
        Assert.That(Start(Family(), out _, VSocketType.Stream).ListenerType, Is.EqualTo(VSocketType.Stream));
    }

    [TestCase(VSocketType.Datagram)]
    [TestCase(VSocketType.SeqPacket)]
    [NonParallelizable]
    public void A_start_that_fails_leaves_the_port_free(VSocketType type)
    {
        IVSocketFamily family = type == VSocketType.Datagram ? new UdpVSocketFamily() : Family();
        using VSocketTransport transport = new(
            new VSocketTransportOptions { Port = TransportHarness.VSocket.NextPort(), Type = type },
            family
        );
        (ulong soft, ulong hard) = DescriptorLimit.Get();
        using Descriptor lowest = new(LibC.Socket(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC, 0));
        ulong next = (ulong)lowest.Number + 1;
        try
        {
            // Allows one more descriptor, for the listener, or none where its number is in use.
            DescriptorLimit.Set(next + 1, hard);
            Assert.That(
                () => transport.Start(_driver.Loop, new RecordingSink()),
                Throws.InstanceOf<TransportException>().With.Message.Contains("LimitNOFILE")
            );
        }
        finally
        {
            DescriptorLimit.Set(soft, hard);
        }

        transport.Start(_driver.Loop, new RecordingSink());
        Assert.That(transport.LocalEndPoints, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_connector_tries_the_next_type_and_remembers_the_one_that_worked()
    {
        VSocketTransport stream = Start(Family(), out _, VSocketType.Stream);
        UnixVSocketFamily family = Family();
        VSocketTransport connector = Start(family, out RecordingSink sink);
        family.Created.Clear();
        Connect(connector, sink, PortOf(stream));
        Assert.That(family.Created, Is.EqualTo(new[] { LibC.SOCK_SEQPACKET, LibC.SOCK_STREAM }));

        family.Created.Clear();
        Connect(connector, sink, PortOf(stream));
        Assert.That(family.Created, Is.EqualTo(new[] { LibC.SOCK_STREAM }), "remembered");

        // The reverse, when the peer returns with the other type.
        Stop(stream);
        Start(Family(), out _, VSocketType.SeqPacket, PortOf(stream));
        family.Created.Clear();
        Connect(connector, sink, PortOf(stream));
        Assert.That(family.Created, Is.EqualTo(new[] { LibC.SOCK_STREAM, LibC.SOCK_SEQPACKET }));
        family.Created.Clear();
        Connect(connector, sink, PortOf(stream));
        Assert.That(family.Created, Is.EqualTo(new[] { LibC.SOCK_SEQPACKET }));
    }

    [Test]
    public void An_unsupported_type_is_skipped()
    {
        VSocketTransport stream = Start(Family(), out _, VSocketType.Stream);
        UnixVSocketFamily family = Family();
        family.Missing.Add(LibC.SOCK_SEQPACKET, Errno.ESOCKTNOSUPPORT);
        VSocketTransport connector = Start(family, out RecordingSink sink);
        Connect(connector, sink, PortOf(stream));
    }

    [Test]
    public void A_configured_type_is_the_only_one_tried()
    {
        VSocketTransport stream = Start(Family(), out _, VSocketType.Stream);
        UnixVSocketFamily family = Family();
        VSocketTransport connector = Start(family, out RecordingSink sink, VSocketType.SeqPacket);
        family.Created.Clear();
        IForwardLink link = connector.Connect(new VSocketEndPoint(1, PortOf(stream)));
        _driver.Until(() => sink.HasClosed(link), "Closed");
        Assert.That(family.Created, Is.EqualTo(new[] { LibC.SOCK_SEQPACKET }));
        Assert.That(sink.ClosureOf(link).Reason, Is.EqualTo(LinkCloseReason.Failed));
        Assert.That(sink.ClosureOf(link).Detail, Does.Contain("SeqPacket"));
    }

    [Test]
    public void A_missing_listener_is_reported_after_all_types_were_tried()
    {
        UnixVSocketFamily family = Family();
        VSocketTransport connector = Start(family, out RecordingSink sink);
        family.Created.Clear();
        IForwardLink link = connector.Connect(new VSocketEndPoint(1, TransportHarness.VSocket.NextPort()));
        _driver.Until(() => sink.HasClosed(link), "Closed");
        Assert.That(family.Created, Is.EqualTo(new[] { LibC.SOCK_SEQPACKET, LibC.SOCK_STREAM }));
        Assert.That(sink.ClosureOf(link).Reason, Is.EqualTo(LinkCloseReason.ConnectRefused));
        Assert.That(sink.ClosureOf(link).Detail, Does.Contain($"no process listens at {link.RemoteEndPoint}"));
    }

    [Test]
    public void An_accepted_link_has_the_context_id_that_the_kernel_reports()
    {
        UnixVSocketFamily family = Family();
        family.PeerCid = 9;
        VSocketTransport listener = Start(family, out RecordingSink heard);
        VSocketTransport connector = Start(Family(), out RecordingSink sink);
        Connect(connector, sink, PortOf(listener));
        _driver.Until(() => heard.OpenedLinks.Count == 1, "the inbound link");
        Assert.That(heard.OpenedLinks[0].Traits.Credentials, Is.EqualTo(new PeerCredentials { ContextId = 9 }));
        Assert.That(heard.OpenedLinks[0].RemoteEndPoint, Is.EqualTo(new VSocketEndPoint(9, PortOf(listener))));

        family.PeerCid = null;
        IForwardLink refused = connector.Connect(new VSocketEndPoint(1, PortOf(listener)));
        _driver.Until(() => sink.HasClosed(refused), "a peer without a context id to be refused");
        Assert.That(sink.ClosureOf(refused).Reason, Is.EqualTo(LinkCloseReason.NotPermitted));
    }

    [Test]
    public void A_datagram_link_has_the_context_id_of_the_remote_machine_on_both_sides()
    {
        // The node compares it with changed routes, and closes paths that no longer match.
        VSocketTransport transport = Start(new UdpVSocketFamily(), out _, VSocketType.Datagram);
        IForwardLink link = transport.Connect(
            new VSocketEndPoint(VSocketEndPoint.LocalCid, TransportHarness.VSocket.NextPort())
        );
        Assert.That(link.Traits.Credentials, Is.EqualTo(new PeerCredentials { ContextId = VSocketEndPoint.LocalCid }));
    }

    [Test]
    public void Datagrams_that_are_dropped_are_counted()
    {
        VSocketTransport transport = Start(new UdpVSocketFamily(), out RecordingSink sink, VSocketType.Datagram);
        using UdpClient stranger = new();
        stranger.Connect(IPAddress.Loopback, PortOf(transport));
        stranger.Send(new byte[7]);
        stranger.Send(new byte[20_000]);
        stranger.Send(new byte[8]);
        _driver.Until(
            () => transport.Statistics.Datagrams is { DroppedShort: 1, DroppedLong: 1, StrangerFrames: 1 },
            "the three datagrams"
        );
        Assert.That(sink.Strangers.Single(), Has.Length.EqualTo(8));

        transport.StopAccepting();
        stranger.Send(new byte[8]);
        _driver.Until(() => transport.Statistics.Datagrams.StrangersIgnored == 1, "the stranger that came too late");
        Assert.That(sink.Strangers, Has.Count.EqualTo(1));
        Assert.That(transport.Statistics.DroppedFrames.Sum(static reason => reason.Value), Is.EqualTo(3));
    }

    [Test]
    public void A_datagram_that_the_kernel_refuses_is_counted()
    {
        using VSocketTransport transport = new(
            new VSocketTransportOptions
            {
                Port = TransportHarness.VSocket.NextPort(),
                Type = VSocketType.Datagram,
                MaxFrameSize = 65_536,
            },
            new UdpVSocketFamily()
        );
        RecordingSink sink = new();
        transport.Start(_driver.Loop, sink);
        _driver.Attach(transport);
        IForwardLink link = transport.Connect(new VSocketEndPoint(VSocketEndPoint.LocalCid, PortOf(transport)));
        _driver.Until(() => sink.OpenedLinks.Contains(link), "Opened");
        Assert.That(link.TryClaim(65_536, out _), Is.EqualTo(ClaimResult.Claimed));
        link.Commit(65_536, realTime: false); // UDP accepts at most 65,507
        Assert.That(link.TryClaim(8, out _), Is.EqualTo(ClaimResult.Claimed));
        link.Commit(8, realTime: false);
        transport.Flush();
        Assert.That(transport.Statistics.Datagrams.SendFailures, Is.EqualTo(1));
        Assert.That(transport.Statistics.FramesSent, Is.EqualTo(1), "the next one leaves all the same");
    }

    [Test]
    public void Without_seqpacket_a_failed_connect_reports_the_error_of_stream()
    {
        UnixVSocketFamily family = Family();
        VSocketTransport connector = Start(family, out RecordingSink sink);
        family.Missing.Add(LibC.SOCK_SEQPACKET, Errno.ESOCKTNOSUPPORT);
        IForwardLink link = connector.Connect(new VSocketEndPoint(7, 54_000));
        _driver.Until(() => sink.HasClosed(link), "the connect to fail");
        Assert.That(sink.ClosureOf(link).Error, Is.EqualTo(Errno.ENODEV));
        Assert.That(sink.ClosureOf(link).Detail, Does.Contain("no route to vsock:7:54000"));
    }

    [TestCase(Errno.ECONNRESET, LinkCloseReason.ConnectRefused, "no process listens at vsock:3:54000 with type Stream")]
    [TestCase(Errno.ESOCKTNOSUPPORT, LinkCloseReason.Failed, "does not support type Stream")]
    [TestCase(Errno.EPROTOTYPE, LinkCloseReason.Failed, "does not support type Stream")]
    [TestCase(
        Errno.ENODEV,
        LinkCloseReason.Failed,
        "no running guest has this context id, or the kernel has no vSocket transport"
    )]
    [TestCase(Errno.EOPNOTSUPP, LinkCloseReason.Failed, "does not support this")]
    [TestCase(Errno.EADDRNOTAVAIL, LinkCloseReason.Failed, "context id 3 cannot be reached")]
    [TestCase(Errno.ENETUNREACH, LinkCloseReason.Failed, "context id 3 cannot be reached")]
    [TestCase(Errno.ETIMEDOUT, LinkCloseReason.OpenTimeout, "no answer from vsock:3:54000")]
    [TestCase(Errno.EINVAL, LinkCloseReason.Failed, "VMADDR_FLAG_TO_HOST")]
    [TestCase(Errno.EACCES, LinkCloseReason.NotPermitted, "no permission")]
    [TestCase(Errno.ENOMEM, LinkCloseReason.Failed, "errno 12")]
    public void A_failed_connect_has_the_reason_of_its_errno(int error, LinkCloseReason reason, string words)
    {
        LinkClosure closure = new VSocketMedium(
            Family(),
            VSocketType.Stream,
            LibC.SOCK_STREAM,
            toHost: true
        ).ConnectFailure(error, new VSocketEndPoint(3, 54_000));
        Assert.That(closure.Reason, Is.EqualTo(reason));
        Assert.That(closure.Error, Is.EqualTo(error));
        Assert.That(closure.Detail, Does.Contain(words));
    }

    [TestCase(Errno.EADDRINUSE, 54_000, "another process has the port")]
    [TestCase(Errno.EACCES, 80, "need CAP_NET_BIND_SERVICE")]
    [TestCase(Errno.EACCES, 54_000, "the container or service forbids it")]
    [TestCase(Errno.EAFNOSUPPORT, 54_000, "the kernel has no AF_VSOCK")]
    public void A_failed_start_has_the_message_of_its_errno(int error, int port, string words)
    {
        UnixVSocketFamily family = Family();
        family.BindError = error;
        using VSocketTransport transport = new(new VSocketTransportOptions { Port = port }, family);
        Assert.That(
            () => transport.Start(_driver.Loop, new RecordingSink()),
            Throws.InstanceOf<TransportException>().With.Message.Contains(words).And.Message.Contains($"{port}")
        );
    }

    [Test]
    public void Datagrams_without_VMware_are_refused_with_the_reason()
    {
        using VSocketTransport transport = new(
            new VSocketTransportOptions { Port = TransportHarness.VSocket.NextPort(), Type = VSocketType.Datagram }
        );
        if (Directory.Exists("/sys/module/vmw_vsock_vmci_transport"))
            Assert.Ignore("This kernel has VMCI.");
        Assert.That(
            () => transport.Start(_driver.Loop, new RecordingSink()),
            Throws
                .InstanceOf<TransportException>()
                .With.Message.Contains("only VMware's VMCI has datagrams")
                .Or.Message.Contains("the kernel has no AF_VSOCK")
        );
        Assert.That(transport.LocalEndPoints, Is.Empty);
    }

    [Test]
    public void Invalid_options_are_named()
    {
        foreach (
            (Action<VSocketTransportOptions> spoil, string name) in new (Action<VSocketTransportOptions>, string)[]
            {
                (static options => options.Port = 0, "Port"),
                (static options => options.Port = 65_536, "Port"),
                (static options => options.Type = (VSocketType)9, "Type"),
                (static options => (options.Type, options.ToHost) = (VSocketType.Datagram, true), "ToHost"),
                (static options => options.MaxFrameSize = 1_199, "MaxFrameSize"),
                (static options => options.MaxFrameSize = 65_537, "MaxFrameSize"),
                (static options => options.OpenTimeout = TimeSpan.Zero, "OpenTimeout"),
                (static options => options.Backlog = 0, "Backlog"),
                (static options => options.MaxPendingOpens = 0, "MaxPendingOpens"),
            }
        )
        {
            VSocketTransportOptions options = new() { Port = 54_000 };
            spoil(options);
            Assert.That(
                () => new VSocketTransport(options),
                Throws.InstanceOf<TransportException>().With.Message.StartsWith($"{name}: ")
            );
        }
    }

    private static int PortOf(VSocketTransport transport) => ((VSocketEndPoint)transport.LocalEndPoints[0]).Port;

    private UnixVSocketFamily Family() => new(_directory.Path);

    private VSocketTransport Start(
        IVSocketFamily family,
        out RecordingSink sink,
        VSocketType type = VSocketType.Auto,
        int port = 0
    )
    {
        VSocketTransport transport = new(
            new VSocketTransportOptions { Port = port == 0 ? TransportHarness.VSocket.NextPort() : port, Type = type },
            family
        );
        sink = new RecordingSink();
        transport.Start(_driver.Loop, sink);
        _driver.Attach(transport);
        _transports.Add(transport);
        return transport;
    }

    private void Stop(VSocketTransport transport)
    {
        _driver.Detach(transport);
        transport.Dispose();
    }

    private void Connect(VSocketTransport connector, RecordingSink sink, int port)
    {
        IForwardLink link = connector.Connect(new VSocketEndPoint(VSocketEndPoint.LocalCid, port));
        _driver.Until(() => sink.OpenedLinks.Contains(link), "Opened");
    }
}
