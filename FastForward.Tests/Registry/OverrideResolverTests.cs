using System.Net;
using FastForward.Transport;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Registry;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class OverrideResolverTests : IDisposable
{
    private static readonly RouteRow s_good = new(1, 7, TransportKind.Ip, "192.0.2.1", 54_000);

    private readonly StaticRouteSource _overrides = new([], RouteTable.OverriddenNodes, "overrides");
    private readonly StaticRouteSource _nodes = new([], RouteTable.Nodes, "nodes");
    private readonly StaticRouteSource _configuration = new([], RouteTable.Configuration, "file");
    private readonly CollectingLogger<OverrideResolver> _log = new();
    private readonly OverrideResolver _resolver;
    private int _changes;

    public OverrideResolverTests()
    {
        _resolver = new OverrideResolver([_configuration, _overrides, _nodes], logger: _log);
        _resolver.Changed += () => _changes++;
    }

    public void Dispose()
    {
        _resolver.Dispose();
        _log.Dispose();
    }

    [Test]
    public void An_unknown_node_has_no_routes()
    {
        Assert.That(_resolver.Find(1), Is.Null);
        Assert.That(_resolver.Nodes, Is.Empty);
        Assert.That(_resolver.Problems, Is.Empty);
    }

    [Test]
    public void Overrides_take_precedence_over_nodes_and_nodes_over_configuration_in_any_source_order()
    {
        _configuration.Replace([s_good with { Port = 3 }]);
        Assert.That(Ports(), Is.EqualTo([3]));
        _nodes.Replace([s_good with { Port = 2 }]);
        Assert.That(Ports(), Is.EqualTo([2, 3]));
        _overrides.Replace([s_good with { Port = 1 }]);
        Assert.That(Ports(), Is.EqualTo([1, 2, 3]));
        Assert.That(_resolver.Find(1)!.Preferred.Table, Is.EqualTo(RouteTable.OverriddenNodes));
        _overrides.Replace([]);
        _nodes.Replace([]);
        Assert.That(Ports(), Is.EqualTo([3]));
        _configuration.Replace([]);
        Assert.That(_resolver.Find(1), Is.Null);

        int[] Ports() => [.. _resolver.Find(1)!.All.Select(route => route.Row.Port)];
    }

    [Test]
    public void A_record_that_cannot_be_read_is_a_problem_and_its_node_keeps_its_row()
    {
        HalfReadable source = new(s_good);
        using OverrideResolver resolver = new([source, _nodes]);
        _nodes.Replace([s_good with { Port = 2 }]);
        Assert.That(resolver.Problems, Is.Empty);
        Assert.That(resolver.Find(1)!.Preferred.Row, Is.EqualTo(s_good));
        source.Spoil(new UnreadableRow(1, "{ 1, x }", "key id"), new UnreadableRow(null, "{ }", "node id"));
        Assert.That(
            resolver.Problems.Select(static problem => (problem.Source, problem.Row, problem.Reason)),
            Is.EqualTo(new[] { ("half", "{ }", "node id"), ("half", "{ 1, x }", "key id") })
        );
        Assert.That(resolver.Find(1)!.Preferred.Row, Is.EqualTo(s_good), "the last good one");
        source.Spoil();
        Assert.That(resolver.Problems, Is.Empty);
        Assert.That(resolver.Find(1)!.Preferred.Row.Port, Is.EqualTo(2), "a record that is gone is no row any more");
    }

    [Test]
    public void Within_one_table_the_first_source_takes_precedence()
    {
        StaticRouteSource first = new([s_good with { Port = 1 }], name: "first");
        StaticRouteSource second = new([s_good with { Port = 2 }], name: "second");
        using OverrideResolver resolver = new([first, second]);
        Assert.That(resolver.Find(1)!.All.Select(route => route.Row.Port), Is.EqualTo([1, 2]));
        Assert.That(resolver.Problems, Is.Empty);
    }

    [Test]
    public void A_route_has_the_end_point_type_of_its_medium()
    {
        _configuration.Replace([
            s_good,
            new RouteRow(2, 7, TransportKind.Ip, "node2.example", 2),
            new RouteRow(3, 0, TransportKind.Socket, "", 3),
            new RouteRow(4, 0, TransportKind.VSocket, "3", 4),
            new RouteRow(5, 7, TransportKind.Rdma, "192.0.2.5", 5),
        ]);

        Assert.That(_resolver.Nodes, Is.EquivalentTo([1u, 2u, 3u, 4u, 5u]));
        Assert.That(
            _resolver.Nodes.Order().Select(node => _resolver.Find(node)!.Preferred.EndPoint.ToString()),
            Is.EqualTo([
                "192.0.2.1:54000",
                new DnsEndPoint("node2.example", 2).ToString(),
                "/tmp/FastForward.3.sock",
                "vsock:3:4",
                "rdma:192.0.2.5:5",
            ])
        );
    }

    [Test]
    public void An_invalid_row_is_reported_with_its_source_and_others_are_used()
    {
        RouteRow bad = new(2, 7, TransportKind.Ip, "10.0.0.999", 54_000);
        _overrides.Replace([s_good, bad]);

        Assert.That(_resolver.Nodes, Is.EqualTo([1u]));
        RouteProblem problem = _resolver.Problems.Single();
        Assert.That(problem.Source, Is.EqualTo("overrides"));
        Assert.That(problem.Row, Is.EqualTo("{ 2, 7, FORWARD_TRANSPORT_IP, \"10.0.0.999\", 54000 }"));
        Assert.That(problem.Reason, Does.StartWith("address \"10.0.0.999\" is neither"));
        Assert.That(
            _log.TextsOf(1500).Single(),
            Does.Contain(problem.Row).And.Contain("overrides").And.Contain(problem.Reason)
        );
    }

    [Test]
    public void Every_invalid_field_is_reported()
    {
        _configuration.Replace([
            s_good with
            {
                Node = 0,
            },
            s_good with
            {
                Node = 2,
                Transport = (TransportKind)9,
            },
            s_good with
            {
                Node = 3,
                Address = null!,
            },
            s_good with
            {
                Node = 4,
                Port = 0,
            },
        ]);

        Assert.That(_resolver.Nodes, Is.Empty);
        Assert.That(
            _resolver.Problems.Select(problem => problem.Reason),
            Is.EqualTo([
                "node id 0 is no node; write for example 250012",
                "transport type 9 is unknown; write FORWARD_TRANSPORT_IP, FORWARD_TRANSPORT_RDMA, "
                    + "FORWARD_TRANSPORT_SOCKET, FORWARD_TRANSPORT_VSOCKET",
                "address is empty; write for example 192.0.2.7, 2001:db8::7 or node7.example.net",
                "port 0 is outside 1..65535; write for example 54000",
            ])
        );
    }

    [Test]
    public void A_row_that_becomes_invalid_keeps_its_previous_value_until_corrected_or_removed()
    {
        _overrides.Replace([s_good]);
        NodeRoutes before = _resolver.Find(1)!;

        _overrides.Replace([s_good with { Address = "" }]);
        Assert.That(_resolver.Find(1), Is.SameAs(before));
        Assert.That(_resolver.Problems, Has.Count.EqualTo(1));

        _nodes.Replace([s_good with { Node = 9 }]); // an unrelated change does not affect it
        _overrides.Replace([s_good with { Address = "?" }]);
        Assert.That(_resolver.Find(1), Is.SameAs(before));

        _overrides.Replace([s_good with { Port = 2 }]);
        Assert.That(_resolver.Find(1)!.Preferred.Row.Port, Is.EqualTo(2));
        Assert.That(_resolver.Problems, Is.Empty);
        Assert.That(_log.TextsOf(1501).ToList(), Has.Count.EqualTo(2));

        _overrides.Replace([s_good with { Address = "" }]);
        _overrides.Replace([]);
        Assert.That(_resolver.Find(1), Is.Null);
        _overrides.Replace([s_good with { Address = "" }]);
        Assert.That(_resolver.Find(1), Is.Null, "the previous value of a removed row is discarded");
    }

    [Test]
    public void An_invalid_row_falls_back_to_its_previous_value_before_another_table()
    {
        _overrides.Replace([s_good with { Port = 1 }]);
        _nodes.Replace([s_good with { Port = 2 }]);
        _overrides.Replace([s_good with { Address = "?" }]);
        Assert.That(_resolver.Find(1)!.All.Select(route => route.Row.Port), Is.EqualTo([1, 2]));
    }

    [Test]
    public void Of_several_rows_for_one_node_the_first_valid_one_is_used()
    {
        _configuration.Replace([s_good with { Address = "?" }, s_good with { Port = 2 }, s_good with { Port = 3 }]);
        Assert.That(_resolver.Find(1)!.All.Select(route => route.Row.Port), Is.EqualTo([2]));
        Assert.That(
            _resolver.Problems.Select(problem => problem.Row),
            Is.EqualTo([(s_good with { Address = "?" }).ToString(), (s_good with { Port = 3 }).ToString()])
        );
        Assert.That(_resolver.Problems[1].Reason, Does.Contain("has a row in this table already"));
    }

    [Test]
    public void A_change_is_visible_when_its_event_is_raised()
    {
        List<int?> seen = [];
        _resolver.Changed += () => seen.Add(_resolver.Find(1)?.Preferred.Row.Port);
        _overrides.Replace([s_good]);
        _overrides.Replace([s_good with { Port = 2 }]);
        _overrides.Replace([]);
        Assert.That(seen, Is.EqualTo(new int?[] { 54_000, 2, null }));
    }

    [Test]
    public void Without_a_change_there_is_no_event_and_the_same_object()
    {
        _overrides.Replace([s_good, s_good with { Node = 2 }]);
        NodeRoutes first = _resolver.Find(1)!;
        _overrides.Replace([s_good with { Node = 2 }, s_good]);
        Assert.That(_changes, Is.EqualTo(1));
        _overrides.Replace([s_good with { Node = 3 }, s_good]);
        Assert.That(_changes, Is.EqualTo(2));
        Assert.That(_resolver.Find(1), Is.SameAs(first));
    }

    [Test]
    public void A_new_problem_alone_raises_the_event()
    {
        _overrides.Replace([s_good with { Address = "?" }]);
        Assert.That(_changes, Is.EqualTo(1));
        Assert.That(_log.TextsOf(1500).ToList(), Has.Count.EqualTo(1));
        _nodes.Replace([s_good]);
        Assert.That(_changes, Is.EqualTo(2));
        Assert.That(
            _log.TextsOf(1500).ToList(),
            Has.Count.EqualTo(1),
            "a problem is logged when it comes, not again and again"
        );
    }

    [Test]
    public void A_subscriber_may_change_a_source_and_dispose_the_resolver()
    {
        _resolver.Changed += () =>
        {
            if (_changes == 1)
                _nodes.Replace([s_good with { Node = 2 }]);
            else
                _resolver.Dispose();
        };
        _overrides.Replace([s_good]);
        Assert.That(_resolver.Nodes, Is.EquivalentTo([1u, 2u]));
        _overrides.Replace([]);
        Assert.That(_resolver.Nodes, Is.EquivalentTo([1u, 2u]), "a disposed resolver keeps its last snapshot");
        Assert.That(_changes, Is.EqualTo(2));
    }

    [Test]
    public void Readers_on_other_threads_see_consistent_snapshots()
    {
        // Each version gives both nodes the same port. A reader looks the nodes up one after the other, possibly in two
        // snapshots, so the second port may be newer but never older.
        const int Versions = 2000;
        using CancellationTokenSource done = new();
        int wrong = 0;
        _overrides.Replace(Version(1));
        Task[] readers =
        [
            .. Enumerable
                .Range(0, 2)
                .Select(_ =>
                    Task.Run(() =>
                    {
                        while (!done.IsCancellationRequested)
                        {
                            int first = _resolver.Find(1)!.Preferred.Row.Port;
                            int second = _resolver.Find(2)!.Preferred.Row.Port;
                            if (second < first || _resolver.Nodes.Count != 2)
                                Interlocked.Increment(ref wrong);
                        }
                    })
                ),
        ];
        Task[] writers =
        [
            .. Enumerable
                .Range(0, 2)
                .Select(_ =>
                    Task.Run(() =>
                    {
                        for (int version = 1; version <= Versions; version++)
                            _nodes.Replace([s_good with { Port = version }, s_good with { Node = 2, Port = version }]);
                    })
                ),
        ];
        for (int version = 1; version <= Versions; version++)
            _overrides.Replace(Version(version));
        Eventually.Ends(Task.WhenAll(writers), "the writers");
        done.Cancel();
        Eventually.Ends(Task.WhenAll(readers), "the readers");

        Assert.That(wrong, Is.Zero);
        Assert.That(
            _resolver.Find(1)!.All.Select(route => route.Row.Port),
            Is.EqualTo([Versions, Versions]),
            "the last version is in place"
        );

        static RouteRow[] Version(int version) =>
            [s_good with { Port = version }, s_good with { Node = 2, Port = version }];
    }

    [Test]
    public void The_socket_directory_is_an_option_and_is_checked()
    {
        using OverrideResolver resolver = new(
            [new StaticRouteSource([new RouteRow(3, 0, TransportKind.Socket, "", 3)])],
            new RouteOptions { SocketDirectory = "/run/ff" }
        );
        Assert.That(resolver.Find(3)!.Preferred.EndPoint.ToString(), Is.EqualTo("/run/ff/FastForward.3.sock"));
        Assert.That(
            () => new OverrideResolver([], new RouteOptions { SocketDirectory = "tmp" }),
            Throws.ArgumentException.With.Message.Contains("SocketDirectory").And.Message.Contains("absolute")
        );
    }

    private sealed class HalfReadable(RouteRow row) : IRouteSource
    {
        public string Name => "half";

        public RouteTable Table => RouteTable.OverriddenNodes;

        public IReadOnlyCollection<RouteRow> Rows { get; private set; } = [row];

        public IReadOnlyList<UnreadableRow> Unreadable { get; private set; } = [];

        public event Action? Changed;

        public void Spoil(params UnreadableRow[] unreadable)
        {
            Rows = [];
            Unreadable = unreadable;
            Changed?.Invoke();
        }
    }
}
