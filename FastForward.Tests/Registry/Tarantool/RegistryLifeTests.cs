using FastForward.Tests.Tarantool;
using Tarantool.Client;

namespace FastForward.Tests.Registry.Tarantool;

/// <summary>Applying, again and anew, stopping, restarting, and spaces that others have made.</summary>
internal sealed class RegistryLifeTests
{
    private const string Require = """
        local dir = os.getenv('TEST_DIRECTORY') .. '/modules'
        os.execute(('mkdir -p %s/fastforward && cp %s %s/fastforward/registry.lua'):format(dir, ..., dir))
        package.path = dir .. '/?.lua;' .. package.path
        local registry = require('fastforward.registry')
        """;

    private const string Triggers = """
        return #box.space.OverriddenNodes:on_replace(), #box.space.Nodes:on_replace(), #box.space._space:on_replace(),
            #box.space._index:on_replace(), #box.space._truncate:on_replace()
        """;

    [TestCase("dofile(...)")]
    [TestCase("require('strict').on() dofile(...)")]
    [TestCase("dofile(...).apply{user = 'fastforward', password = 'p', keys = true}")]
    [TestCase(Require + "registry.apply{user = 'fastforward', password = 'p'}")]
    [TestCase(Require + "require('strict').on() registry.apply()")]
    [TestCase(Require + "registry.validate({keys = true}) registry.apply({keys = true})")]
    public async Task Each_way_of_use_serves_the_registry(string apply)
    {
        await using RegistryServer server = await RegistryServer.StartAsync(apply);
        string version = (await server.ReadAsync()).Version;
        await server.EvalAsync("box.space.OverriddenNodes:replace({ 1, 0, FORWARD_TRANSPORT_IP, '10.0.0.1', 2 })");
        Assert.That((await server.ReadAsync(version, 60)).Rows("OverriddenNodes"), Has.Length.EqualTo(1));
        TarantoolTuple constants = await server.EvalAsync(
            "return FORWARD_TRANSPORT_IP, FORWARD_TRANSPORT_RDMA, FORWARD_TRANSPORT_SOCKET, FORWARD_TRANSPORT_VSOCKET"
        );
        Assert.That(constants, Is.EqualTo(TarantoolTuple.Create(0, 1, 2, 3)));
        Assert.That(await server.LogAsync(), Does.Not.Match(" [EWF]> fastforward"));
    }

    [Test]
    public async Task Loading_by_require_applies_nothing()
    {
        await using RegistryServer server = await RegistryServer.StartAsync(Require);
        Assert.That((await server.ValueAsync("return rawget(_G, 'fastforward')")).IsNil, Is.True);
        Assert.That((await server.ValueAsync("return box.space.Nodes")).IsNil, Is.True);
    }

    [Test]
    public async Task Before_box_cfg_the_message_says_what_to_do()
    {
        string output = await LuaRun.OutputAsync("print(pcall(dofile, ...)) os.exit()", RegistryServer.ModulePath);
        Assert.That(
            output,
            Is.EqualTo(
                "false\tfastforward.registry: box.cfg has not been called yet; "
                    + "load this file after the line box.cfg{...} of the init script\n"
            )
        );
    }

    [Test]
    public async Task Applied_twice_nothing_changes_and_no_trigger_is_there_twice()
    {
        await using RegistryServer server = await RegistryServer.StartAsync(
            "dofile(...).apply{user = 'fastforward', password = 'p', keys = true}"
        );
        await server.EvalAsync("box.space.Nodes:replace{1, 0, '', 2}");
        RegistryAnswer before = await server.ReadAsync();
        await server.EvalAsync(
            "dofile(...) dofile(...).apply{user = 'fastforward', password = 'p', keys = true}",
            RegistryServer.ModulePath
        );
        RegistryAnswer after = await server.ReadAsync(before.Version);
        Assert.That(after.IsUnchanged, Is.True);
        Assert.That(after.VClock, Is.EqualTo(before.VClock), "nothing was written");
        Assert.That(await server.EvalAsync(Triggers), Is.EqualTo(TarantoolTuple.Create(1, 1, 1, 1, 1)));
        Assert.That((await server.ValueAsync("return fastforward.registry_state.options.keys")).AsBoolean(), Is.True);
    }

    [Test]
    public async Task A_newer_file_takes_over_from_a_running_one_with_its_waiters_and_its_versions()
    {
        await using RegistryServer server = await RegistryServer.StartAsync();
        await server.EvalAsync("box.space.Nodes:replace{1, 0, '', 2}");
        string version = (await server.ReadAsync()).Version;
        Task<RegistryAnswer> waiting = server.ReadAsync(version, 60);
        await server.UntilWaitingAsync(1);

        string newer = Path.Combine(server.WorkingDirectory, "newer.lua");
        string text = await File.ReadAllTextAsync(RegistryServer.ModulePath);
        await File.WriteAllTextAsync(newer, text.Replace("format = 1,", "format = 2,", StringComparison.Ordinal));
        await server.EvalAsync("dofile(...)", newer);

        RegistryAnswer answer = await waiting.InTime();
        Assert.That(answer.Map["format"].AsInt32(), Is.EqualTo(2), "the newer file answers");
        Assert.That(answer.IsUnchanged, Is.True);
        await server.EvalAsync("box.space.Nodes:replace{2, 0, '', 2}");
        RegistryAnswer differences = await server.ReadAsync(version);
        Assert.That(differences.IsComplete, Is.False);
        Assert.That(differences.Rows("Nodes"), Is.EqualTo(new[] { "[2, 0, \"\", 2]" }));
        Assert.That(await server.EvalAsync(Triggers), Is.EqualTo(TarantoolTuple.Create(1, 1, 1, 1, 1)));
        await server.UntilWaitingAsync(0);
    }

    [Test]
    public async Task A_newer_file_with_another_state_answers_completely_once()
    {
        await using RegistryServer server = await RegistryServer.StartAsync();
        await server.EvalAsync("box.space.Nodes:replace{1, 0, '', 2}");
        Task<RegistryAnswer> waiting = server.ReadAsync((await server.ReadAsync()).Version, 60);
        await server.UntilWaitingAsync(1);
        string newer = Path.Combine(server.WorkingDirectory, "newer.lua");
        string text = await File.ReadAllTextAsync(RegistryServer.ModulePath);
        await File.WriteAllTextAsync(newer, text.Replace("LAYOUT = 1", "LAYOUT = 2", StringComparison.Ordinal));
        await server.EvalAsync("dofile(...)", newer);

        RegistryAnswer answer = await waiting.InTime();
        Assert.That(answer.IsComplete, Is.True);
        Assert.That(answer.Rows("Nodes"), Has.Length.EqualTo(1));
        Assert.That(await server.EvalAsync(Triggers), Is.EqualTo(TarantoolTuple.Create(1, 1, 1, 1, 1)));
    }

    [Test]
    public async Task Stopped_it_leaves_data_and_no_triggers_and_wakes_who_waits()
    {
        await using RegistryServer server = await RegistryServer.StartAsync("rawset(_G, 'registry', dofile(...))");
        await server.EvalAsync("box.space.Nodes:replace{1, 0, '', 2}");
        string version = (await server.ReadAsync()).Version;
        Task<RegistryAnswer> waiting = server.ReadAsync(version, 60);
        await server.UntilWaitingAsync(1);
        await server.EvalAsync("registry.stop() registry.stop()");
        TarantoolServerException error = await waiting.Fails<TarantoolServerException>();
        Assert.That(error.Message, Does.Contain("stopped on this instance; apply it again to read it"));
        Assert.That(await server.EvalAsync(Triggers), Is.EqualTo(TarantoolTuple.Create(0, 0, 0, 0, 0)));

        await server.EvalAsync("box.space.Nodes:replace{2, 0, '', 2} registry.apply()");
        RegistryAnswer answer = await server.ReadAsync(version);
        Assert.That(answer.IsComplete, Is.True, "changes in the meantime were not seen");
        Assert.That(answer.Rows("Nodes"), Has.Length.EqualTo(2));
    }

    [Test]
    public async Task After_a_kill_the_answer_is_complete_from_the_same_registry_and_not_older()
    {
        await using RegistryServer server = await RegistryServer.StartAsync();
        await server.EvalAsync("for i = 1, 10 do box.space.Nodes:replace{i, 0, '', 2} end");
        RegistryAnswer before = await server.ReadAsync();
        await server.RestartAsync();
        RegistryAnswer after = await server.ReadAsync(before.Version);
        Assert.That(after.IsComplete, Is.True);
        Assert.That(after.Rows("Nodes"), Is.EqualTo(before.Rows("Nodes")));
        Assert.That(after.Registry, Is.EqualTo(before.Registry));
        Assert.That(after.VClock[0].Lsn, Is.GreaterThanOrEqualTo(before.VClock[0].Lsn));
    }

    [Test]
    public async Task A_dropped_space_is_an_error_for_who_waits_and_a_new_one_is_watched_again()
    {
        await using RegistryServer server = await RegistryServer.StartAsync();
        string version = (await server.ReadAsync()).Version;
        Task<RegistryAnswer> waiting = server.ReadAsync(version, 60);
        await server.UntilWaitingAsync(1);
        await server.EvalAsync("box.space.Nodes:drop()");
        TarantoolServerException error = await waiting.Fails<TarantoolServerException>();
        Assert.That(error.Message, Does.Contain("space 'Nodes' does not exist on this instance; apply"));

        await server.EvalAsync(
            """
            box.schema.space.create('Nodes'):create_index('pk', {parts = {1, 'unsigned'}})
            box.space.Nodes:insert{1, 2}
            """
        );
        RegistryAnswer answer = await server.ReadAsync(version);
        Assert.That(answer.Rows("Nodes"), Is.EqualTo(new[] { "[1, 2]" }));
        waiting = server.ReadAsync(answer.Version, 60);
        await server.EvalAsync("box.space.Nodes:insert{2, 2}");
        Assert.That((await waiting.InTime()).Rows("Nodes"), Does.Contain("[2, 2]"));
    }

    [Test]
    public async Task What_the_triggers_miss_is_found_by_comparing()
    {
        await using RegistryServer server = await RegistryServer.StartAsync();
        await server.EvalAsync("box.space.Nodes:insert{1, 0, '', 2}");
        string version = (await server.ReadAsync()).Version;
        // The measurement of this version must have been taken.
        await server.UntilAsync("fastforward.registry_state.measured[2].counter == fastforward.registry_state.counter");
        Task<RegistryAnswer> waiting = server.ReadAsync(version, 60);
        await server.UntilWaitingAsync(1);
        await server.EvalAsync(
            """
            local ours = box.space.Nodes:on_replace()[1]
            box.space.Nodes:on_replace(function() end, ours)
            box.space.Nodes:insert{2, 0, '', 2}
            box.space.Nodes:on_replace(ours, box.space.Nodes:on_replace()[1])
            """
        );
        RegistryAnswer answer = await waiting.InTime();
        Assert.That(answer.IsComplete, Is.True);
        Assert.That(answer.Rows("Nodes"), Has.Length.EqualTo(2));
    }
}
