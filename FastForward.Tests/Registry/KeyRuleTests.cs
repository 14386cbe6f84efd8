using FastForward.Transport;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Registry;

/// <summary>
/// Key id 0 means no key. It is rejected for routes that leave the machine, unless another row gives the node a key.
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class KeyRuleTests : IDisposable
{
    private readonly StaticRouteSource _overrides = new([], RouteTable.OverriddenNodes, "overrides");
    private readonly StaticRouteSource _nodes = new([], RouteTable.Nodes, "nodes");
    private readonly OverrideResolver _resolver;

    public KeyRuleTests() => _resolver = new OverrideResolver([_overrides, _nodes]);

    public void Dispose() => _resolver.Dispose();

    [TestCase(TransportKind.Ip, "192.0.2.1")]
    [TestCase(TransportKind.Ip, "2001:db8::1")]
    [TestCase(TransportKind.Ip, "node1.example")]
    [TestCase(TransportKind.Ip, "localhost.example")]
    [TestCase(TransportKind.Rdma, "192.0.2.1")]
    [TestCase(TransportKind.Rdma, "node1.example")]
    [TestCase(TransportKind.Rdma, "0xfe8000000000000050800200008e4d39")]
    public void A_route_that_leaves_the_machine_needs_a_key(TransportKind kind, string address)
    {
        _overrides.Replace([new RouteRow(1, 0, kind, address, 54_000)]);
        Assert.That(_resolver.Find(1), Is.Null);
        Assert.That(
            _resolver.Problems.Single().Reason,
            Does.StartWith("key id 0 ").And.EndWith("set the option AllowUnkeyedNetwork on both nodes")
        );

        _overrides.Replace([new RouteRow(1, 5, kind, address, 54_000)]);
        Assert.That(_resolver.Find(1)!.KeyId, Is.EqualTo(5));
        Assert.That(_resolver.Problems, Is.Empty);
    }

    [TestCase(TransportKind.Ip, "127.0.0.1")]
    [TestCase(TransportKind.Ip, "127.8.9.10")]
    [TestCase(TransportKind.Ip, "::1")]
    [TestCase(TransportKind.Ip, "::ffff:127.0.0.1")]
    [TestCase(TransportKind.Ip, "localhost")]
    [TestCase(TransportKind.Ip, "LOCALHOST")]
    [TestCase(TransportKind.Rdma, "127.0.0.1")]
    [TestCase(TransportKind.Rdma, "localhost")]
    [TestCase(TransportKind.Socket, "")]
    [TestCase(TransportKind.VSocket, "3")]
    public void A_route_within_the_machine_needs_no_key(TransportKind kind, string address)
    {
        _overrides.Replace([new RouteRow(1, 0, kind, address, 54_000)]);
        Assert.That(_resolver.Find(1)!.KeyId, Is.Zero);
        Assert.That(_resolver.Problems, Is.Empty);
    }

    [Test]
    public void AllowUnkeyedNetwork_allows_routes_without_a_key()
    {
        using OverrideResolver resolver = new([_overrides], new RouteOptions { AllowUnkeyedNetwork = true });
        _overrides.Replace([Ip(key: 0)]);
        Assert.That(resolver.Find(1)!.KeyId, Is.Zero);
    }

    [Test]
    public void The_key_of_any_row_applies_to_the_node([Values] bool keyInOverride)
    {
        _overrides.Replace([Ip(keyInOverride ? 7u : 0u)]);
        _nodes.Replace([Ip(keyInOverride ? 0u : 7u)]);
        Assert.That(_resolver.Find(1)!.All, Has.Count.EqualTo(2));
        Assert.That(_resolver.Find(1)!.KeyId, Is.EqualTo(7));
        Assert.That(_resolver.Problems, Is.Empty);
    }

    [Test]
    public void An_override_without_a_key_does_not_remove_the_key()
    {
        _nodes.Replace([Ip(7)]);
        _overrides.Replace([new RouteRow(1, 0, TransportKind.Socket, "", 54_000)]);
        Assert.That(_resolver.Find(1)!.Preferred.Row.Transport, Is.EqualTo(TransportKind.Socket));
        Assert.That(_resolver.Find(1)!.KeyId, Is.EqualTo(7));
    }

    [Test]
    public void The_key_of_the_row_with_the_highest_precedence_is_used()
    {
        _nodes.Replace([Ip(7)]);
        _overrides.Replace([Ip(8)]);
        Assert.That(_resolver.Find(1)!.KeyId, Is.EqualTo(8));
    }

    [Test]
    public void The_key_of_an_invalid_row_is_ignored()
    {
        _nodes.Replace([Ip(7) with { Port = 0 }]);
        _overrides.Replace([Ip(0)]);
        Assert.That(_resolver.Find(1), Is.Null);
        Assert.That(_resolver.Problems, Has.Count.EqualTo(2));
    }

    [Test]
    public void A_row_that_drops_its_key_is_rejected_and_the_previous_one_stays()
    {
        _nodes.Replace([Ip(7)]);
        NodeRoutes before = _resolver.Find(1)!;
        _nodes.Replace([Ip(0) with { Port = 2 }]);
        Assert.That(_resolver.Find(1), Is.SameAs(before));
        _overrides.Replace([]); // re-evaluation does not change the result
        Assert.That(_resolver.Find(1), Is.SameAs(before));
        Assert.That(_resolver.Problems.Single().Source, Is.EqualTo("nodes"));
    }

    [Test]
    public void When_a_row_drops_the_key_that_others_rely_on_they_keep_it()
    {
        _nodes.Replace([Ip(7)]);
        _overrides.Replace([Ip(0) with { Port = 2 }]);
        NodeRoutes before = _resolver.Find(1)!;

        _nodes.Replace([Ip(0)]);

        Assert.That(_resolver.Find(1), Is.SameAs(before));
        Assert.That(_resolver.Problems.Single().Source, Is.EqualTo("nodes"));
    }

    [Test]
    public void When_the_row_with_the_key_is_removed_no_unkeyed_route_remains()
    {
        _nodes.Replace([Ip(7)]);
        _overrides.Replace([Ip(0) with { Port = 2 }]);
        _nodes.Replace([]);
        Assert.That(_resolver.Find(1), Is.Null);
        Assert.That(_resolver.Problems.Single().Source, Is.EqualTo("overrides"));

        // Now the row itself is invalid, and its previous value was in use.
        _overrides.Replace([Ip(0) with { Port = 0 }]);
        Assert.That(_resolver.Find(1), Is.Null);
    }

    [Test]
    public void A_rejected_unkeyed_row_falls_back_to_its_previous_local_value()
    {
        _overrides.Replace([new RouteRow(1, 0, TransportKind.Socket, "", 54_000)]);
        NodeRoutes before = _resolver.Find(1)!;
        _overrides.Replace([Ip(0)]);
        Assert.That(_resolver.Find(1), Is.SameAs(before));
        Assert.That(_resolver.Problems, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_previous_value_that_relied_on_a_key_is_not_used_without_it()
    {
        _nodes.Replace([Ip(7)]);
        _overrides.Replace([Ip(0) with { Port = 2 }]);
        _overrides.Replace([Ip(0) with { Port = 0 }]);
        Assert.That(
            _resolver.Find(1)!.All.Select(static route => route.Row.KeyId),
            Is.EquivalentTo(new uint[] { 0, 7 }),
            "a key applies: the previous override is kept"
        );
        _nodes.Replace([]);
        Assert.That(_resolver.Find(1), Is.Null);
    }

    private static RouteRow Ip(uint key) => new(1, key, TransportKind.Ip, "192.0.2.1", 54_000);
}
