using FastForward.Tests.Lab;
using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Tests.Transports;

/// <summary>Behaviour of the vSockets of the kernel that other sockets cannot emulate.</summary>
[Category("Lab")]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class VSocketKernelTests : IDisposable
{
    private readonly LoopDriver _driver = new();
    private readonly List<IForwardTransport> _transports = [];

    [SetUp]
    public void SetUp() => Requires.VSock();

    public void Dispose()
    {
        foreach (IForwardTransport transport in _transports)
            transport.Dispose();
        _driver.Dispose();
    }

    [Test]
    public void Auto_listens_with_seqpacket_even_where_datagrams_can_be_bound()
    {
        // With VMware's module loaded, datagrams can be bound on any hypervisor.
        LabProgram.Run("modprobe", "vmw_vsock_vmci_transport");
        Assert.That(Start(VSocketType.Datagram, out _).ListenerType, Is.EqualTo(VSocketType.Datagram));
        VSocketTransport transport = Start(VSocketType.Auto, out _);
        Assert.That(transport.ListenerType, Is.EqualTo(VSocketType.SeqPacket));
        Assert.That(transport.CheckAvailability().Reason, Is.Null);
    }

    [TestCase(VSocketType.SeqPacket)]
    [TestCase(VSocketType.Stream)]
    public void A_connector_finds_the_type_of_its_peer(VSocketType type)
    {
        VSocketTransport listener = Start(type, out RecordingSink heard);
        VSocketTransport connector = Start(VSocketType.Auto, out RecordingSink sink);
        for (int i = 1; i <= 2; i++)
        {
            IForwardLink link = connector.Connect(new VSocketEndPoint(VSocketEndPoint.LocalCid, PortOf(listener)));
            _driver.Until(() => sink.OpenedLinks.Contains(link) && heard.OpenedLinks.Count == i, "Opened");
            Assert.That(heard.OpenedLinks[^1].Traits.Credentials?.ContextId, Is.EqualTo(VSocketEndPoint.LocalCid));
        }
    }

    [Test]
    public void A_listener_of_another_type_refuses_and_the_message_mentions_it()
    {
        VSocketTransport listener = Start(VSocketType.Stream, out _);
        LinkClosure closure = Failure(
            VSocketType.SeqPacket,
            new VSocketEndPoint(VSocketEndPoint.LocalCid, PortOf(listener))
        );
        Assert.That(closure.Reason, Is.EqualTo(LinkCloseReason.ConnectRefused));
        Assert.That(closure.Error, Is.EqualTo(Errno.ECONNRESET));
        Assert.That(closure.Detail, Does.Contain("with type SeqPacket"));
    }

    [Test]
    public void An_unknown_context_id_is_named()
    {
        LinkClosure closure = Failure(VSocketType.Auto, new VSocketEndPoint(9_999, 54_000));
        Assert.That(closure.Error, Is.EqualTo(Errno.ENODEV));
        Assert.That(closure.Detail, Does.Contain("no route to vsock:9999:54000"));
    }

    [TestCase(VSocketType.SeqPacket)]
    [TestCase(VSocketType.Stream)]
    public void A_port_is_in_use_for_all_types(VSocketType type)
    {
        VSocketTransport first = Start(VSocketType.SeqPacket, out _);
        using VSocketTransport second = new(new VSocketTransportOptions { Port = PortOf(first), Type = type });
        Assert.That(
            () => second.Start(_driver.Loop, new RecordingSink()),
            Throws.InstanceOf<TransportException>().With.Message.Contains("another process has the port")
        );
    }

    [Test]
    public void The_machine_reaches_itself_by_each_of_its_context_ids()
    {
        VSocketTransport listener = Start(VSocketType.Auto, out RecordingSink heard);
        VSocketTransport connector = Start(VSocketType.Auto, out RecordingSink sink);
        uint own = ((VSocketEndPoint)listener.LocalEndPoints[0]).Cid;
        foreach (
            uint cid in new[] { VSocketEndPoint.LocalCid, own, VSocketEndPoint.HostCid }.Where(cid =>
                VSocketMachine.IsSame(cid, VSocketEndPoint.LocalCid, VSocketMachine.ReadCid(out _))
            )
        )
        {
            IForwardLink link = connector.Connect(new VSocketEndPoint(cid, PortOf(listener)));
            _driver.Until(
                () => sink.OpenedLinks.Contains(link) && heard.OpenedLinks.Count == sink.OpenedLinks.Count,
                $"a link to context id {cid}"
            );
            Assert.That(
                VSocketMachine.IsSame(
                    heard.OpenedLinks[^1].Traits.Credentials!.ContextId!.Value,
                    cid,
                    VSocketMachine.ReadCid(out _)
                ),
                Is.True
            );
        }
    }

    [Test]
    public void The_kernel_supports_the_flag_to_the_host()
    {
        VSocketTransport listener = Start(VSocketType.Auto, out _);
        VSocketTransport connector = new(
            new VSocketTransportOptions { Port = TransportHarness.VSocket.NextPort(), ToHost = true }
        );
        RecordingSink sink = Start(connector);
        IForwardLink link = connector.Connect(new VSocketEndPoint(VSocketEndPoint.LocalCid, PortOf(listener)));
        _driver.Until(() => sink.OpenedLinks.Contains(link), "the loopback, which comes before the flag");
    }

    private static int PortOf(VSocketTransport transport) => ((VSocketEndPoint)transport.LocalEndPoints[0]).Port;

    private LinkClosure Failure(VSocketType type, VSocketEndPoint remote)
    {
        VSocketTransport connector = Start(type, out RecordingSink sink);
        IForwardLink link = connector.Connect(remote);
        _driver.Until(() => sink.HasClosed(link), "Closed");
        return sink.ClosureOf(link);
    }

    private VSocketTransport Start(VSocketType type, out RecordingSink sink)
    {
        VSocketTransport transport = new(
            new VSocketTransportOptions { Port = TransportHarness.VSocket.NextPort(), Type = type }
        );
        sink = Start(transport);
        return transport;
    }

    private RecordingSink Start(VSocketTransport transport)
    {
        RecordingSink sink = new();
        transport.Start(_driver.Loop, sink);
        _driver.Attach(transport);
        _transports.Add(transport);
        return sink;
    }
}
