using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Tests.Transports;

/// <summary>The context id that the kernel reports, compared with those of a peer's routes.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class VSocketSourceCheckTests : IDisposable
{
    private const int Port = 54_000;
    private const long Second = 1_000_000;

    private static readonly IPEndPoint s_ip = new(IPAddress.Loopback, Port);

    private readonly TemporaryDirectory _directory = new();
    private readonly UnixVSocketFamily _family;
    private readonly VSocketSourceCheck _check;

    public VSocketSourceCheckTests()
    {
        _family = new UnixVSocketFamily(_directory.Path);
        _check = new VSocketSourceCheck(_family);
    }

    public void Dispose() => _directory.Dispose();

    [Test]
    public void A_source_that_a_route_names_is_accepted()
    {
        Assert.That(Find(5, At(5)), Is.Null);
        Assert.That(Find(5, s_ip, At(4), At(5)), Is.Null, "any of the routes");
    }

    [Test]
    public void A_source_that_no_route_names_is_a_mismatch()
    {
        Assert.That(
            Find(5, s_ip, At(77), At(78)),
            Is.EqualTo("it came by vSocket from context id 5, and its route names context id 77")
        );
    }

    [Test]
    public void A_peer_without_a_vsocket_route_is_a_mismatch()
    {
        const string Expected =
            "it came by vSocket from context id 5, "
            + "and no row of type FORWARD_TRANSPORT_VSOCKET says that it is there";
        Assert.That(Find(5, s_ip), Is.EqualTo(Expected));
        Assert.That(Find(5), Is.EqualTo(Expected));
        Assert.That(_family.OwnCidReads, Is.Zero, "nothing to compare with");
    }

    [Test]
    public void A_source_without_a_context_id_is_a_mismatch()
    {
        Assert.That(
            Find(null, At(5)),
            Is.EqualTo("it came by vSocket, and the kernel does not say from which machine")
        );
    }

    [Test]
    public void The_context_ids_of_this_machine_are_equal()
    {
        _family.OwnCid = 3;
        Assert.That(Find(VSocketEndPoint.LocalCid, At(3)), Is.Null);
        Assert.That(
            Find(VSocketEndPoint.LocalCid, At(VSocketEndPoint.HostCid)),
            Is.Not.Null,
            "a guest is not its host"
        );
    }

    [Test]
    public void The_own_context_id_is_read_at_most_once_a_second_and_kept_when_it_cannot_be_read()
    {
        _family.OwnCid = 3;
        Assert.That(Find(VSocketEndPoint.LocalCid, 0, At(3)), Is.Null);
        _family.OwnCid = 4;
        Assert.That(Find(VSocketEndPoint.LocalCid, Second - 1, At(3)), Is.Null);
        Assert.That(_family.OwnCidReads, Is.EqualTo(1));

        Assert.That(Find(VSocketEndPoint.LocalCid, Second, At(3)), Is.Not.Null, "the machine has migrated");
        Assert.That(_family.OwnCidReads, Is.EqualTo(2));

        _family.OwnCid = null;
        Assert.That(Find(VSocketEndPoint.LocalCid, 2 * Second, At(4)), Is.Null, "the last known number");
        Assert.That(_family.OwnCidReads, Is.EqualTo(3));
    }

    [Test]
    public void The_transport_uses_the_time_of_its_loop()
    {
        using LoopDriver driver = new();
        using VSocketTransport transport = new(
            new VSocketTransportOptions { Port = TransportHarness.VSocket.NextPort() },
            _family
        );
        IForwardTransport contract = transport;
        Assert.That(
            () => contract.FindSourceMismatch(2, [At(5)], null, 5),
            Throws.InvalidOperationException,
            "it has no clock before it is started"
        );
        transport.Start(driver.Loop, new RecordingSink());
        _family.OwnCid = 3;
        Assert.That(contract.FindSourceMismatch(2, [At(3)], null, VSocketEndPoint.LocalCid), Is.Null);
        Assert.That(contract.FindSourceMismatch(2, [At(4)], null, 5), Does.Contain("context id 5"));
    }

    [Test]
    public void Other_media_report_no_mismatch()
    {
        using IpTransport transport = new(new IpTransportOptions());
        Assert.That(((IForwardTransport)transport).FindSourceMismatch(2, [], null, 5), Is.Null);
    }

    private static VSocketEndPoint At(uint cid) => new(cid, Port);

    private string? Find(uint? contextId, params EndPoint[] routed) => Find(contextId, 0, routed);

    private string? Find(uint? contextId, long now, params EndPoint[] routed) => _check.Find(routed, contextId, now);
}
