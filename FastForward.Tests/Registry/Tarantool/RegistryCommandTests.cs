using System.Text.Json;
using FastForward.Tests.Host.Processes;
using FastForward.Tests.Tarantool;

namespace FastForward.Tests.Registry.Tarantool;

/// <summary>The commands <c>registry ...</c> of the host, with a real Tarantool.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class RegistryCommandTests : IDisposable
{
    private const string Node = "250012";

    private readonly TemporaryDirectory _directory = new();
    private readonly string _admin;
    private readonly string _password;

    public RegistryCommandTests()
    {
        _admin = Secret("admin", TarantoolServer.Password);
        _password = Secret("password", FollowWorld.Password);
    }

    public void Dispose() => _directory.Dispose();

    [Test]
    public void Script_prints_the_module()
    {
        (int code, string output, _) = Run("registry", "script");
        Assert.That(code, Is.Zero);
        Assert.That(output.Trim(), Is.EqualTo(File.ReadAllText(RegistryServer.ModulePath).Trim()));
    }

    [Test]
    public async Task Apply_makes_a_server_a_registry_and_does_no_harm_again()
    {
        await using RegistryServer server = await RegistryServer.StartAsync("return");
        for (int i = 0; i < 2; i++)
        {
            (int code, string output, string errors) = Run([.. Apply(server), .. ForHosts]);
            Assert.That(code, Is.Zero, errors);
            Assert.That(output, Does.Contain("with the spaces OverriddenNodes and Nodes").And.Contain("dofile("));
        }

        await using FollowWorld world = FollowWorld.Start(null, server);
        await world.UntilRows(Transport.Registry.RouteTable.Nodes);
        await world.Until(() => world.Registry.Status.IsConfirmed, "the user of the hosts may read");
    }

    [Test]
    public async Task Apply_says_why_it_cannot()
    {
        await using RegistryServer server = await RegistryServer.StartAsync("return");
        (int code, _, string errors) = Run("registry", "apply", "--server", server.Address);
        Assert.That((code, errors), Is.EqualTo((1, errors)));
        Assert.That(errors, Does.Contain("is denied for user 'guest'").And.Contain("--user"));
        (code, _, errors) = Run(
            "registry",
            "apply",
            "--server",
            server.Address,
            "--user",
            TarantoolServer.User,
            "--password-file",
            _password
        );
        Assert.That(code, Is.EqualTo(1));
        Assert.That(errors, Does.Contain($"it refuses the user {TarantoolServer.User} or the password"));
        (code, _, errors) = Run("registry", "apply", "--server", "unix/:/nowhere");
        Assert.That(code, Is.EqualTo(69), errors);
        (code, _, errors) = Run("registry", "apply", "--server", "a:b");
        Assert.That(code, Is.EqualTo(2));
        Assert.That(errors, Does.Contain("--server: 'a:b' is no address of a server"));
    }

    [Test]
    public async Task Rows_are_added_replaced_and_removed_by_a_user_who_may()
    {
        await using RegistryServer server = await FollowWorld.ServerAsync();
        string instance = Instance(server);
        string[] add = ["registry", "add-node", Node, "--instance", instance, "--address", "127.0.0.1", "--port"];
        Assert.That(Run([.. add, "54012"]).Errors, Does.Contain("Write access to space 'Nodes' is denied"));
        Assert.That(Run([.. add, "0"]).Code, Is.EqualTo(2));
        (int code, string output, string errors) = Run([.. add, "54012", .. Admin]);
        Assert.That(code, Is.Zero, errors);
        Assert.That(output.Trim(), Is.EqualTo("box.space.Nodes:replace({ 250012, 0, '127.0.0.1', 54012 })"));
        Assert.That(Run([.. add, "54012", .. Admin]).Output, Does.Contain("has this row already"));
        (code, _, errors) = Run([.. add, "54013", .. Admin]);
        Assert.That(code, Is.EqualTo(1));
        Assert.That(errors, Does.Contain("--replace replaces it. Nothing was written"));
        Assert.That(Run([.. add, "54013", "--replace", .. Admin]).Code, Is.Zero);
        Assert.That((await server.ValueAsync("return box.space.Nodes:get(250012)[4]")).AsInt32(), Is.EqualTo(54013));

        string[] remove = ["registry", "remove-node", Node, "--instance", instance, .. Admin];
        Assert.That(Run(remove).Output, Does.StartWith("box.space.Nodes:delete(250012)"));
        (code, _, errors) = Run(remove);
        Assert.That(code, Is.EqualTo(1));
        Assert.That(errors, Does.Contain("Nodes has no row of node 250012"));
    }

    [Test]
    public async Task A_row_that_hosts_would_skip_is_not_written()
    {
        await using RegistryServer server = await FollowWorld.ServerAsync();
        string[] add = ["registry", "add-node", Node, "--instance", Instance(server), "--port", "54012", .. Admin];
        Assert.That(Run([.. add, "--address", "192.0.2.1"]).Errors, Does.Contain("key id 0 demands no key"));
        Assert.That(Run([.. add, "--transport", "VSOCKET", "--address", "x"]).Errors, Does.Contain("\"x\""));
        Assert.That(Run([.. add, "--transport", "TCP"]).Errors, Does.Contain("'TCP' is none of IP, RDMA"));
        Assert.That((await server.ValueAsync("return box.space.Nodes:len()")).AsInt32(), Is.Zero);
        Assert.That(Run([.. add, "--transport", "SOCKET"]).Code, Is.Zero);
        Assert.That(
            (await server.ValueAsync("return box.space.OverriddenNodes:get(250012)[3]")).AsInt32(),
            Is.EqualTo(2)
        );
    }

    [Test]
    public async Task Writes_go_to_the_master_wherever_it_is_in_the_list()
    {
        await using RegistryServer master = await FollowWorld.ServerAsync();
        await using RegistryServer replica = await FollowWorld.ServerAsync(master);
        string[] add = ["registry", "add-node", Node, "--port", "9", "--transport", "SOCKET", .. Admin, "--instance"];
        Assert.That(Run([.. add, Instance(replica, master)]).Code, Is.Zero);
        (int code, _, string errors) = Run([.. add, Instance(replica), "--key", "5", "--replace"]);
        Assert.That(code, Is.EqualTo(1));
        Assert.That(errors, Does.Contain("it is read-only, a replica"));
    }

    [Test]
    public async Task Check_shows_routes_and_every_problem()
    {
        await using RegistryServer server = await FollowWorld.ServerAsync();
        await server.EvalAsync(
            """
            box.space.OverriddenNodes:replace({ 250012, 0, FORWARD_TRANSPORT_SOCKET, '', 54012 })
            box.space.OverriddenNodes:replace({ 250013, 0, 9, '', 54013 })
            box.space.OverriddenNodes:replace({ 250011, 0, 9, '', 54011 })
            box.space.Nodes:replace({ 250012, 7, '192.0.2.12', 54012 })
            box.space.Nodes:replace({ 250014, 7, '192.0.2.14', 54014 })
            """
        );
        string instance = Instance(server);
        (int code, string output, _) = Run("registry", "check", "--instance", instance);
        Assert.That(code, Is.EqualTo(1));
        Assert.That(output, Does.Contain($"{server.Address} current"));
        Assert.That(
            output,
            Does.Contain("250012 = 7, FORWARD_TRANSPORT_SOCKET, -, 54012 of registry OverriddenNodes\n")
        );
        Assert.That(output, Does.Contain("192.0.2.12, 54012 of registry Nodes, behind the row above"));
        Assert.That(output, Does.Contain("problem: row { 250013, 0, 9, \"\", 54013 } of registry OverriddenNodes"));
        Assert.That(
            output,
            Does.Contain("problem: node 250014 demands key 7, and the instance file names no key-file")
        );
        Assert.That(output, Does.Contain("warning: key 7 serves the nodes 250012, 250014"));
        Assert.That(output, Does.Not.Contain("250011"), "rows about the node itself");
        using JsonDocument document = JsonDocument.Parse(
            Run("registry", "check", "--json", "--instance", instance).Output
        );
        Assert.That(document.RootElement.GetProperty("skippedRows").GetArrayLength(), Is.EqualTo(1));
        await server.EvalAsync("box.space.OverriddenNodes:delete(250013) box.space.Nodes:truncate()");
        (code, output, _) = Run("registry", "check", "--instance", instance);
        Assert.That(code, Is.Zero, output);
    }

    [Test]
    public async Task Check_names_servers_that_do_not_answer()
    {
        await using RegistryServer server = await FollowWorld.ServerAsync();
        string instance = Instance("unix/:/nowhere", server.Address);
        (int code, string output, _) = Run("registry", "check", "--instance", instance);
        Assert.That(code, Is.EqualTo(1));
        Assert.That(output, Does.Contain("problem: registry: unix/:/nowhere is unreachable"));
        Assert.That(output, Does.Contain($"{server.Address} current"));
    }

    [Test]
    public async Task Watch_prints_rows_as_they_come_change_and_go()
    {
        await using RegistryServer server = await FollowWorld.ServerAsync();
        using RunningProgram watch = RunningProgram.StartHost("registry", "watch", "--instance", Instance(server));
        watch.WaitForLine($"{server.Address} is current");
        await server.EvalAsync("box.space.OverriddenNodes:replace({ 250012, 0, FORWARD_TRANSPORT_SOCKET, '', 1 })");
        watch.WaitForLine("registry OverriddenNodes + { 250012, 0, FORWARD_TRANSPORT_SOCKET, \"\", 1 }");
        await server.EvalAsync("box.space.OverriddenNodes:replace({ 250012, 0, FORWARD_TRANSPORT_SOCKET, '', 2 })");
        watch.WaitForLine("registry OverriddenNodes ~ { 250012, 0, FORWARD_TRANSPORT_SOCKET, \"\", 2 }");
        await server.EvalAsync("box.space.OverriddenNodes:replace({ 250012, 0, 9, '', 2 })");
        watch.WaitForLine("registry OverriddenNodes ! { 250012, 0, 9, \"\", 2 } is skipped: transport type (field 3)");
        await server.EvalAsync("box.space.OverriddenNodes:delete(250012)");
        watch.WaitForLine("registry OverriddenNodes - { 250012, 0, FORWARD_TRANSPORT_SOCKET, \"\", 2 }");
        await server.KillAsync();
        watch.WaitForLine($"{server.Address} is unreachable: ");
        watch.Signal(RunningProgram.SIGINT);
        Assert.That(watch.WaitForExit(), Is.EqualTo(130));
    }

    [Test]
    public async Task Accept_takes_the_rows_of_a_registry_that_was_restored()
    {
        await using RegistryServer master = await FollowWorld.ServerAsync();
        await using RegistryServer old = await FollowWorld.ServerAsync(master);
        await master.EvalAsync("box.space.Nodes:replace({ 250013, 0, '127.0.0.1', 54013 })");
        await old.UntilAsync("box.space.Nodes:len() == 1");
        await old.EvalAsync("box.cfg{replication = {}}"); // as a server that was restored from a copy of that moment
        await master.EvalAsync("box.space.Nodes:replace({ 250012, 0, '127.0.0.1', 54012 })");
        string instance = Instance(old, master);
        using RunningProgram host = RunningProgram.StartHost("run", "--instance", instance);
        host.WaitForLine("Node 250011 runs");
        host.WaitForLine("2 rows of");
        await master.KillAsync();
        host.WaitForLine($"{master.Address} is Unreachable");
        (int code, string output, _) = Run("health", "--instance", instance);
        Assert.That(code, Is.Zero);
        Assert.That(output, Does.Contain("degraded").And.Contain("a replica that lags, or was restored"));
        Assert.That(Run("stat", "--once", "--instance", instance).Output, Does.Contain("lagging"));
        (code, output, _) = Run("registry", "accept", "--instance", instance);
        Assert.That(code, Is.Zero);
        Assert.That(output, Does.Contain($"the rows of {old.Address} are in use (1)"));
        Assert.That(Run("registry", "accept", "--registry", "x", "--instance", instance).Errors, Does.Contain("'x'"));
    }

    private string[] Admin => ["--user", TarantoolServer.User, "--password-file", _admin];

    private string[] ForHosts => ["--for-user", FollowWorld.User, "--for-password-file", _password];

    private string[] Apply(RegistryServer server) => ["registry", "apply", "--server", server.Address, .. Admin];

    private string Instance(params RegistryServer[] servers) =>
        Instance([.. servers.Select(static server => server.Address)]);

    private string Instance(params string[] servers)
    {
        string file = _directory["250011.conf"];
        File.WriteAllText(
            file,
            $"""
            network=250011
            port=54011
            transports=socket
            socket-directory={_directory.Path}
            [registry]
            servers={string.Join(", ", servers)}
            user={FollowWorld.User}
            password-file={_password}
            """
        );
        return file;
    }

    private string Secret(string name, string text)
    {
        string file = _directory[name];
        File.WriteAllText(file, text + "\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }

    private static (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        using RunningProgram program = RunningProgram.StartHost(arguments);
        int code = program.WaitForExit();
        return (code, program.Output, program.Everything);
    }
}
