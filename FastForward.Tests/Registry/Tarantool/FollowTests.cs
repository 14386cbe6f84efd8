using FastForward.Tests.Tarantool;
using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;

namespace FastForward.Tests.Registry.Tarantool;

/// <summary>A registry in a real Tarantool, followed as a host does.</summary>
internal sealed class FollowTests
{
    private const string Line = "box.space.OverriddenNodes:replace({ 250012, 0, FORWARD_TRANSPORT_SOCKET, '', 54012 })";

    private static readonly RouteRow s_override = new(250012, 0, TransportKind.Socket, "", 54012);
    private static readonly RouteRow s_node = new(250013, 7, TransportKind.Ip, "192.0.2.13", 54013);

    [Test]
    public async Task The_line_of_the_operator_arrives_and_its_removal_too()
    {
        await using RegistryServer server = await FollowWorld.ServerAsync();
        await using FollowWorld world = FollowWorld.Start(null, server);
        await world.Registry.WaitAsync().InTime();
        Assert.That(world.First.Notice, Is.EqualTo(RegistryNotice.LongPoll));
        int changes = 0;
        world.Registry.StatusChanged += () => changes++;
        await server.EvalAsync(Line);
        await world.UntilRows(RouteTable.OverriddenNodes, s_override);
        await server.EvalAsync("box.space.Nodes:replace({ 250013, 7, '192.0.2.13', 54013 })");
        await world.UntilRows(RouteTable.Nodes, s_node);
        await server.EvalAsync("box.space.OverriddenNodes:delete(250012)");
        await world.UntilRows(RouteTable.OverriddenNodes);
        Assert.That(world.Nodes, Is.EqualTo(new[] { s_node }));
        Assert.That(changes, Is.GreaterThanOrEqualTo(3));
        RegistryStatus status = world.Registry.Status;
        Assert.That(status.IsConfirmed);
        Assert.That(status.Problem, Is.Null);
        Assert.That(status.Rows, Is.EqualTo(1));
        Assert.That(status.Source, Is.EqualTo(server.Address));
        Assert.That(status.Servers.Single().IsReadOnly, Is.False);
    }

    [Test]
    public async Task After_kill_and_restart_the_same_line_works_again()
    {
        await using RegistryServer server = await FollowWorld.ServerAsync();
        await using FollowWorld world = FollowWorld.Start(null, server);
        for (int round = 0; round < 3; round++)
        {
            await server.EvalAsync(Line);
            await world.UntilRows(RouteTable.OverriddenNodes, s_override);
            await server.KillAsync();
            await world.UntilState(0, RegistryServerState.Unreachable);
            Assert.That(world.Overridden, Is.EqualTo(new[] { s_override }), "the last good rows stay");
            Assert.That(world.Registry.Status.Problem, Does.Contain("are in use").And.Contain(server.Address));
            await server.RunAsync();
            await world.UntilState(0, RegistryServerState.Current);
            await server.EvalAsync("box.space.OverriddenNodes:delete(250012)");
            await world.UntilRows(RouteTable.OverriddenNodes);
        }
    }

    [Test]
    public async Task A_server_that_hangs_is_noticed()
    {
        await using RegistryServer server = await FollowWorld.ServerAsync();
        await server.EvalAsync(Line);
        await using FollowWorld world = FollowWorld.Start(null, server);
        await world.UntilState(0, RegistryServerState.Current);
        await server.SignalAsync("STOP");
        await world.UntilState(0, RegistryServerState.Unreachable);
        Assert.That(world.First.Detail, Is.EqualTo("it is connected and does not answer"));
        await server.SignalAsync("CONT");
        await world.UntilState(0, RegistryServerState.Current);
        Assert.That(world.Overridden, Is.EqualTo(new[] { s_override }));
    }

    [Test]
    public async Task Of_two_servers_the_other_one_serves_while_one_is_down()
    {
        await using RegistryServer master = await FollowWorld.ServerAsync();
        await using RegistryServer replica = await FollowWorld.ServerAsync(master);
        await using FollowWorld world = FollowWorld.Start(null, replica, master);
        await world.UntilState(0, RegistryServerState.Current);
        await replica.KillAsync();
        await world.UntilState(0, RegistryServerState.Unreachable);
        await master.EvalAsync(Line);
        await world.UntilRows(RouteTable.OverriddenNodes, s_override);
        Assert.That(world.Registry.Status.Source, Is.EqualTo(master.Address));
        Assert.That(world.Registry.Status.IsConfirmed);
        await replica.RunAsync();
        await world.Until(() => world.First.IsReadOnly == true, "registry.lua is there again");
        await world.UntilState(0, RegistryServerState.Current);
        Assert.That(world.First.Writes, Is.EqualTo(world.Registry.Status.Writes));
    }

    [Test]
    public async Task A_replica_that_lags_does_not_roll_back_and_is_named()
    {
        await using RegistryServer master = await FollowWorld.ServerAsync();
        await using RegistryServer replica = await FollowWorld.ServerAsync(master);
        await using FollowWorld world = FollowWorld.Start(null, master, replica);
        await world.UntilState(1, RegistryServerState.Current);
        await replica.EvalAsync("box.cfg{replication = {}}");
        await master.EvalAsync(Line);
        await world.UntilRows(RouteTable.OverriddenNodes, s_override);
        await world.UntilState(1, RegistryServerState.Lagging);
        await master.KillAsync();
        await world.UntilState(0, RegistryServerState.Unreachable);
        Assert.That(world.Overridden, Is.EqualTo(new[] { s_override }));
        Assert.That(world.Registry.Status.IsConfirmed, Is.False);
        Assert.That(world.Registry.Status.Servers[1].Detail, Does.Contain("a replica that lags"));
        Assert.That(world.Registry.Accept(), Is.EqualTo(replica.Address));
        Assert.That(world.Overridden, Is.Empty, "on request");
        Assert.That(world.Log, Has.Some.Contains("was adopted although"));
    }

    [Test]
    public async Task A_new_registry_with_rows_is_adopted_with_a_warning_and_an_empty_one_is_not()
    {
        await using RegistryServer former = await FollowWorld.ServerAsync();
        await using RegistryServer replacement = await FollowWorld.ServerAsync();
        await former.EvalAsync(Line);
        await using FollowWorld world = FollowWorld.Start(null, former, replacement);
        await world.UntilState(1, RegistryServerState.OtherRegistry);
        await former.KillAsync();
        await world.UntilState(1, RegistryServerState.Empty);
        Assert.That(world.Overridden, Is.EqualTo(new[] { s_override }));
        await replacement.EvalAsync("box.space.Nodes:replace({ 250013, 7, '192.0.2.13', 54013 })");
        await world.UntilRows(RouteTable.Nodes, s_node);
        Assert.That(world.Overridden, Is.Empty);
        Assert.That(world.Log, Has.Some.Contains("the registry was replaced"));
    }

    [Test]
    public async Task Without_registry_lua_the_spaces_are_read_again_and_again_until_it_is_there()
    {
        const string Spaces = """
            for name, key in pairs({OverriddenNodes = 5, Nodes = 4}) do
                local space = box.schema.space.create(name, {if_not_exists = true})
                space:create_index('primary', {parts = {1, 'unsigned'}, if_not_exists = true})
            end
            box.schema.user.create('fastforward', {password = 'secret', if_not_exists = true})
            box.schema.user.grant('fastforward', 'read', 'universe', nil, {if_not_exists = true})
            """;
        await using RegistryServer server = await RegistryServer.StartAsync(Spaces);
        await using FollowWorld world = FollowWorld.Start(
            static options => options.PollInterval = TimeSpan.FromMilliseconds(100),
            server
        );
        await world.UntilState(0, RegistryServerState.Current);
        Assert.That(world.First.Notice, Is.EqualTo(RegistryNotice.Poll));
        await server.EvalAsync("box.space.OverriddenNodes:replace({ 250012, 0, 2, '', 54012 })");
        await world.UntilRows(RouteTable.OverriddenNodes, s_override);
        await server.EvalAsync("dofile(...).apply{user = 'fastforward'}", RegistryServer.ModulePath);
        await world.Until(() => world.First.Notice == RegistryNotice.LongPoll, "the function is used");
        await server.EvalAsync("box.space.OverriddenNodes:delete(250012)");
        await world.UntilRows(RouteTable.OverriddenNodes);
    }

    [TestCase("wrong", "it refuses the user fastforward or the password")]
    [TestCase("secret", "Install registry.lua")]
    public async Task A_server_that_refuses_says_why(string password, string detail)
    {
        const string User = """
            box.schema.user.create('fastforward', {password = 'secret', if_not_exists = true})
            """;
        await using RegistryServer server = await RegistryServer.StartAsync(User);
        await using FollowWorld world = FollowWorld.Start(options => options.Password = password, server);
        await world.UntilState(0, RegistryServerState.Refusing);
        Assert.That(world.First.Detail, Does.Contain(detail));
        Assert.That(world.Registry.Status.Problem, Does.Contain("there are no rows"));
        Assert.That(string.Join("", world.Log), Does.Not.Contain("secret"));
    }

    [Test]
    public async Task Bad_rows_and_rows_about_the_node_itself_are_no_routes()
    {
        await using RegistryServer server = await FollowWorld.ServerAsync();
        await using FollowWorld world = FollowWorld.Start(static options => options.OwnNode = 250011, server);
        using OverrideResolver routes = new(world.Registry.Sources);
        await server.EvalAsync("box.space.OverriddenNodes:replace({ 250011, 0, FORWARD_TRANSPORT_SOCKET, '', 1 })");
        await server.EvalAsync(Line);
        await world.UntilRows(RouteTable.OverriddenNodes, s_override);
        await server.EvalAsync("box.space.OverriddenNodes:replace({ 250012, 0, 77, '', 54012 })");
        await world.Until(() => routes.Problems.Count == 1, "the bad row is named");
        Assert.That(routes.Problems[0].Source, Is.EqualTo("registry OverriddenNodes"));
        Assert.That(routes.Problems[0].Row, Is.EqualTo("{ 250012, 0, 77, \"\", 54012 }"));
        Assert.That(routes.Problems[0].Reason, Does.Contain("transport type (field 3) is 77").And.Contain("right one"));
        UnreadableRow bad = world.Registry.Sources[0].Unreadable.Single();
        Assert.That(
            (bad.Node, bad.Row, bad.Reason),
            Is.EqualTo((250012u, routes.Problems[0].Row, routes.Problems[0].Reason))
        );
        Assert.That(routes.Find(250012)!.Preferred.Row, Is.EqualTo(s_override), "the last good one stays");
        await server.EvalAsync("box.space.OverriddenNodes:delete(250012)");
        await world.Until(() => routes.Find(250012) is null, "a removed row is gone");
        Assert.That(routes.Problems, Is.Empty);
    }

    [Test]
    public async Task The_cache_serves_a_start_without_a_server_and_its_rows_never_go_back()
    {
        using TemporaryDirectory directory = new();
        string cache = Path.Combine(directory.Path, "routes");
        await using RegistryServer server = await FollowWorld.ServerAsync();
        await server.EvalAsync(Line);
        await using (FollowWorld first = FollowWorld.Start(options => options.CacheFile = cache, server))
        {
            await first.UntilRows(RouteTable.OverriddenNodes, s_override);
            await server.EvalAsync("box.space.OverriddenNodes:replace({ 250012, 0, 77, '', 54012 })");
            await first.Until(() => first.Registry.Status.Changes == 2, "a bad row");
        }

        await server.KillAsync();
        await using FollowWorld second = FollowWorld.Start(options => options.CacheFile = cache, server);
        await second.UntilState(0, RegistryServerState.Unreachable);
        Assert.That(second.Overridden, Is.EqualTo(new[] { s_override }), "the last good one");
        Assert.That(second.Registry.Status.Source, Is.EqualTo(cache));
        using OverrideResolver routes = new(second.Registry.Sources);
        await server.RunAsync();
        await second.UntilState(0, RegistryServerState.Current);
        Assert.That(routes.Problems, Has.Count.EqualTo(1));
        Assert.That(routes.Find(250012)!.Preferred.Row, Is.EqualTo(s_override), "it outlives the restart");
    }

    [Test]
    public async Task Ten_thousand_rows_and_one_change()
    {
        await using RegistryServer server = await FollowWorld.ServerAsync();
        await server.EvalAsync(
            "box.begin() for i = 1, 10000 do box.space.Nodes:replace({i, 7, '192.0.2.1', 54000}) end box.commit()"
        );
        await using FollowWorld world = FollowWorld.Start(null, server);
        await world.Until(() => world.Nodes.Count == 10_000, "all rows");
        await server.EvalAsync("box.space.Nodes:replace({5000, 7, '192.0.2.2', 54000})");
        RouteRow changed = new(5000, 7, TransportKind.Ip, "192.0.2.2", 54000);
        await world.Until(() => world.Nodes.Contains(changed), "the change");
        Assert.That(world.Nodes, Has.Count.EqualTo(10_000));
        Assert.That(world.Log.Last(), Does.Contain("(1 changed;"));
    }
}
