using FastForward.Transport;
using FastForward.Transport.Node;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Node;

/// <summary>A table of many rows costs no cycle of the loop more than a few of them.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ManyRoutesTests : IDisposable
{
    private const int Rows = 10_000;

    private readonly NodeWorld _world = new();
    private readonly TestNode _node;
    private readonly RouteRow[] _rows =
    [
        .. Enumerable
            .Range(1, Rows)
            .Select(static node => new RouteRow((uint)node, 0, TransportKind.Socket, "", 60_001)),
    ];

    public ManyRoutesTests() => _node = _world.Start(25011);

    public void Dispose() => _world.Dispose();

    [Test]
    public void They_are_applied_in_slices_and_one_change_of_them_concerns_one_peer()
    {
        _node.Replace(_rows);
        while (_node.Node.AppliedRoutes < Rows)
        {
            long before = _node.Node.AppliedRoutes;
            _world.Cycle();
            Assert.That(
                _node.Node.AppliedRoutes - before,
                Is.InRange(1, 2 * RoutedPeers.NodesPerCycle),
                "when rows are posted, and in the cycle itself"
            );
        }

        Assert.That(_node.Node.Peers.All, Has.Count.EqualTo(Rows));
        _rows[4711] = _rows[4711] with { Port = 60_002 };
        _node.Replace(_rows);
        _world.Until(() => _node.Node.AppliedRoutes > Rows, "the change is applied");
        _node.Replace(_rows[1..]);
        _world.Until(() => _node.Node.Peers.All.Count < Rows, "the peer is removed");
        Assert.That(_node.Node.AppliedRoutes, Is.EqualTo(Rows + 2));
        _world.Until(() => _node.Node.ReadPeers().Count() == Rows - 1, "all are shown");
    }

    [Test]
    public void A_node_that_is_needed_before_its_turn_is_there()
    {
        _node.Replace(_rows);
        _world.Until(() => _node.Node.AppliedRoutes > 0, "the first ones");
        HashSet<uint> there = [.. _node.Node.Peers.All.Select(static peer => peer.Node)];
        uint[] last = [.. _rows.Select(static row => row.Node).Where(node => !there.Contains(node))];
        Assert.That(last, Has.Length.GreaterThan(5));
        Assert.That(_node.Node.Send(last[^1], 1, MessageClass.Reliable, [1]).Status, Is.EqualTo(SendStatus.Accepted));
        Assert.That(_node.Node.GetPeer(last[^2]), Is.Not.Null);
        Assert.That(_node.Node.Ping(last[^3], static _ => { }).Status, Is.Not.EqualTo(PingStatus.UnknownNode));
        Assert.That(
            _node.Node.Send(Rows + 1, 1, MessageClass.Reliable, [1]).Status,
            Is.EqualTo(SendStatus.UnknownNode)
        );
        _world.Until(() => _node.Node.Peers.All.Count == Rows, "all others");
        Assert.That(_node.Node.AppliedRoutes, Is.EqualTo(Rows));
    }

    [Test]
    public void Rows_that_go_before_their_turn_leave_no_peer()
    {
        _node.Replace(_rows);
        _world.Until(() => _node.Node.AppliedRoutes > 0, "the first ones");
        _node.Replace(_rows[..10]);
        _world.Until(() => _node.Node.ReadPeers().Count() == 10, "only the others are left");
        Assert.That(_node.Node.Peers.All, Has.Count.EqualTo(10));
    }
}
