using FastForward.Transport;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Registry;

/// <summary>Changes of routes reach each reader as differences.</summary>
internal sealed class RouteChangesTests
{
    private const int Nodes = 40;

    [Test]
    public void Each_reader_is_told_of_exactly_the_nodes_that_have_other_routes_than_when_it_looked_last()
    {
        int seed = TestContext.CurrentContext.Random.Next();
        Random random = new(seed);
        StaticRouteSource[] sources =
        [
            new([], RouteTable.OverriddenNodes, "overrides"),
            new([], RouteTable.Nodes, "nodes"),
            new([], RouteTable.Configuration, "file"),
        ];
        using OverrideResolver resolver = new(sources);
        Reader[] readers = [new(resolver, 1), new(resolver, 7)];
        for (int step = 0; step < 2000; step++)
        {
            StaticRouteSource source = sources[random.Next(sources.Length)];
            List<RouteRow> rows = [.. source.Rows];
            for (int edits = random.Next(4); edits > 0; edits--)
            {
                rows.RemoveAll(For((uint)random.Next(1, Nodes)));
                uint node = (uint)random.Next(1, Nodes);
                if (!rows.Exists(For(node)))
                    rows.Insert(random.Next(rows.Count + 1), Row(node, random));
            }

            source.Replace(rows);
            using OverrideResolver fresh = new(sources);
            Assert.That(Describe(resolver), Is.EqualTo(Describe(fresh)), $"seed {seed}, step {step}");
            foreach (Reader reader in readers)
                reader.Check(step, $"seed {seed}, step {step}");
        }
    }

    [Test]
    public void A_reader_is_notified_once_until_it_looks_and_not_after_its_end()
    {
        StaticRouteSource source = new([]);
        using OverrideResolver resolver = new([source]);
        int notified = 0;
        RouteChanges reader = resolver.Follow(() => notified++);
        for (int port = 1; port <= 3; port++)
            source.Replace([new RouteRow(1, 0, TransportKind.Socket, "", port)]);
        Assert.That(notified, Is.EqualTo(1));
        Assert.That(reader.Take(), Is.EqualTo(new[] { 1u }));
        source.Replace([]);
        Assert.That(notified, Is.EqualTo(2));
        reader.Dispose();
        source.Replace([new RouteRow(2, 0, TransportKind.Socket, "", 9)]);
        Assert.That(notified, Is.EqualTo(2));
        Assert.That(reader.Take(), Is.EqualTo(new[] { 1u }));
    }

    [Test]
    public void What_did_not_change_is_not_parsed_again()
    {
        RouteRow[] rows = [.. Enumerable.Range(1, 100).Select(static node => Row((uint)node, 5))];
        StaticRouteSource source = new(rows);
        using OverrideResolver resolver = new([source]);
        NodeRoutes before = resolver.Find(7)!;
        rows[3] = rows[3] with { Port = 6 };
        source.Replace(rows);
        Assert.That(resolver.Find(7), Is.SameAs(before));
        Assert.That(resolver.Find(4)!.Preferred.Row.Port, Is.EqualTo(6));
    }

    private static Predicate<RouteRow> For(uint node) => row => row.Node == node;

    private static RouteRow Row(uint node, Random random) => Row(node, random.Next(1, 4));

    private static RouteRow Row(uint node, int port) => new(node, 0, TransportKind.Ip, "127.0.0.1", port);

    private static SortedDictionary<uint, string> Describe(OverrideResolver resolver) =>
        new(resolver.Nodes.ToDictionary(static node => node, node => string.Join(", ", resolver.Find(node)!.All)));

    private sealed class Reader
    {
        private readonly OverrideResolver _resolver;
        private readonly RouteChanges _changes;
        private readonly int _pace;
        private Dictionary<uint, NodeRoutes> _seen = [];

        public Reader(OverrideResolver resolver, int pace)
        {
            _resolver = resolver;
            _changes = resolver.Follow(static () => { });
            _pace = pace;
        }

        public void Check(int step, string when)
        {
            if (step % _pace != 0)
                return;
            Dictionary<uint, NodeRoutes> now = _resolver.Nodes.ToDictionary(
                static node => node,
                node => _resolver.Find(node)!
            );
            HashSet<uint> taken = _changes.Take();
            foreach (uint node in _seen.Keys.Union(now.Keys))
            {
                string before = Describe(_seen, node);
                string after = Describe(now, node);
                if (before != after)
                    Assert.That(taken, Does.Contain(node), when);
                else if (_pace == 1)
                    Assert.That(taken, Does.Not.Contain(node), when); // a slower one hears of a change that was undone
            }

            _seen = now;
        }

        private static string Describe(Dictionary<uint, NodeRoutes> routes, uint node) =>
            routes.TryGetValue(node, out NodeRoutes? found) ? string.Join(", ", found.All) : "none";
    }
}
