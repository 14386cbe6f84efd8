using FastForward.Tests.Tarantool;
using Tarantool.Client;

namespace FastForward.Tests.Registry.Tarantool;

/// <summary>What the user of a host may do.</summary>
internal sealed class RegistryRightsTests
{
    private const string Password = "s3cret of the hosts";

    private RegistryServer _server = null!;
    private TarantoolClient _host = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _server = await RegistryServer.StartAsync(
            $"rawset(_G, 'registry', dofile(...)) registry.apply{{user = 'host', password = '{Password}', keys = true}}"
        );
        await _server.EvalAsync("registry.apply{user = 'other', password = 'p', keys = true}");
        await _server.EvalAsync(
            """
            box.space.Keys:replace{'host', 7, 'key of host', {1, 2}}
            box.space.Keys:replace{'host', 8, 'second key of host', {}}
            box.space.Keys:replace{'other', 7, 'key of other', {3}}
            box.space.Nodes:replace{1, 0, 'a', 2}
            """
        );
        _host = await _server.ConnectAsync("host", Password);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [Test]
    public async Task The_host_calls_and_reads()
    {
        RegistryAnswer answer = await RegistryAnswer.ReadAsync(_host, null, 0);
        Assert.That(answer.Rows("Nodes"), Has.Length.EqualTo(1));
        Assert.That(await _host.SelectAsync("Nodes", TarantoolTuple.Empty).InTime(), Has.Length.EqualTo(1));
        Assert.That(await _host.SelectAsync("OverriddenNodes", TarantoolTuple.Empty).InTime(), Is.Empty);
    }

    [TestCase("Nodes")]
    [TestCase("OverriddenNodes")]
    public async Task The_host_cannot_write(string space)
    {
        TarantoolTuple row = space == "Nodes" ? [5, 0, "", 1] : [5, 0, 0, "", 1];
        TarantoolServerException error = await _host
            .ReplaceAsync(space, row)
            .AsTask()
            .Fails<TarantoolServerException>();
        Assert.That(error.Message, Does.Match("Write access .* is denied for user 'host'"));
    }

    [Test]
    public async Task The_host_cannot_read_the_keys_of_others_nor_run_code()
    {
        Assert.That(
            async () => await _host.SelectAsync("Keys", TarantoolTuple.Empty).InTime(),
            Throws.InstanceOf<TarantoolException>()
        );
        ulong id = (await _server.ValueAsync("return box.space.Keys.id")).AsUInt64();
        TarantoolServerException error = await _host
            .SelectAsync((uint)id, TarantoolTuple.Empty)
            .AsTask()
            .Fails<TarantoolServerException>();
        Assert.That(error.Message, Does.Contain("Read access to space 'Keys' is denied for user 'host'"));
        await _host.EvalAsync("return 1").AsTask().Fails<TarantoolServerException>();
    }

    [Test]
    public async Task Each_user_gets_the_keys_of_its_own()
    {
        TarantoolTuple keys = (await _host.CallAsync("fastforward.registry_keys").InTime())[0].AsArray();
        Assert.That(keys.ToString(), Is.EqualTo("[[7, \"key of host\", [1, 2]], [8, \"second key of host\", []]]"));
        await using TarantoolClient other = await _server.ConnectAsync("other", "p");
        TarantoolTuple others = (await other.CallAsync("fastforward.registry_keys").InTime())[0].AsArray();
        Assert.That(others.ToString(), Is.EqualTo("[[7, \"key of other\", [3]]]"));
        TarantoolTuple admins = (await _server.Client.CallAsync("fastforward.registry_keys").InTime())[0].AsArray();
        Assert.That(admins, Is.Empty);
    }

    [Test]
    public async Task Without_the_option_there_are_no_keys()
    {
        await using RegistryServer server = await RegistryServer.StartAsync();
        Assert.That((await server.ValueAsync("return box.space.Keys")).IsNil, Is.True);
        TarantoolValue keys = (await server.Client.CallAsync("fastforward.registry_keys").InTime())[0];
        Assert.That(keys.AsArray(), Is.Empty);
    }

    [Test]
    public async Task A_changed_password_is_taken_and_none_is_logged()
    {
        await _server.EvalAsync("registry.apply{user = 'changing', password = 'first secret', keys = true}");
        await using (TarantoolClient before = await _server.ConnectAsync("changing", "first secret"))
            _ = await RegistryAnswer.ReadAsync(before, null, 0);
        await _server.EvalAsync("registry.apply{user = 'changing', password = 'second secret', keys = true}");
        await using TarantoolClient after = await _server.ConnectAsync("changing", "second secret");
        _ = await RegistryAnswer.ReadAsync(after, null, 0);
        ulong lsn = (await _server.ValueAsync("return box.info.lsn")).AsUInt64();
        await _server.EvalAsync("registry.apply{user = 'changing', password = 'second secret', keys = true}");
        Assert.That((await _server.ValueAsync("return box.info.lsn")).AsUInt64(), Is.EqualTo(lsn));
        string log = await _server.LogAsync();
        Assert.That(log, Does.Not.Contain("secret"));
        Assert.That(log, Does.Not.Contain(Password));
    }

    [Test]
    public async Task A_user_that_is_created_later_gets_its_role_then()
    {
        await using RegistryServer server = await RegistryServer.StartAsync("dofile(...).apply{user = 'later'}");
        Assert.That(await server.LogAsync(), Does.Contain("user 'later' gets its role as soon as it exists"));
        await server.EvalAsync("box.schema.user.create('later', {password = 'p'})");
        await server.UntilAsync(
            "require('fun').any(function(right) return right[3] == 'fastforward_registry' end, "
                + "box.schema.user.info('later'))"
        );
        await using TarantoolClient host = await server.ConnectAsync("later", "p");
        Assert.That((await RegistryAnswer.ReadAsync(host, null, 0)).IsComplete, Is.True);
    }

    [Test]
    public async Task A_function_made_by_another_user_belongs_to_admin()
    {
        await _server.EvalAsync("registry.apply{keys = true}");
        Assert.That(
            (
                await _server.ValueAsync(
                    "return box.space._user:get(box.space._func.index.name:get('fastforward.registry_keys')[2])[3]"
                )
            ).AsString(),
            Is.EqualTo("admin")
        );
    }
}
