using FastForward.Tests.Tarantool;
using Tarantool.Client;

namespace FastForward.Tests.Registry.Tarantool;

/// <summary>Spaces that exist already, and options.</summary>
internal sealed class RegistryShapeTests
{
    private const string Fields =
        "{{'node', 'unsigned'}, {'key_id', 'unsigned'}, {'transport', 'unsigned'}, {'address', 'string'}, "
        + "{'port', 'unsigned'}}";

    private RegistryServer _server = null!;

    [OneTimeSetUp]
    public async Task Start() =>
        _server = await RegistryServer.StartAsync("rawset(_G, 'load_registry', function() return dofile(MODULE) end)");

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [SetUp]
    public async Task Clear()
    {
        await _server.EvalAsync("rawset(_G, 'MODULE', ...)", RegistryServer.ModulePath);
        await _server.EvalAsync(
            "for _, s in pairs{'OverriddenNodes', 'Nodes'} do if box.space[s] then box.space[s]:drop() end end"
        );
    }

    [TestCase("{format = " + Fields + "}", "{1, 'unsigned'}", "{250012, 0, 2, 'a', 54012}")]
    [TestCase("{}", "{1, 'unsigned'}", "{250012, 0, 2, 3, 54012, 'more'}")]
    [TestCase("{}", "{1, 'unsigned'}, type = 'hash'", "{250012, 0, 2, '', 54012}")]
    public async Task A_fitting_space_with_rows_is_kept(string options, string parts, string row)
    {
        await _server.EvalAsync(
            $"""
            local space = box.schema.space.create('OverriddenNodes', {options})
            space:create_index('pk', {Braces($"parts = {parts}")})
            space:insert{row}
            load_registry()
            """
        );
        RegistryAnswer answer = await _server.ReadAsync();
        Assert.That(answer.Rows("OverriddenNodes"), Has.Length.EqualTo(1));
        await _server.EvalAsync(
            "box.space.OverriddenNodes:replace({ 250013, 0, FORWARD_TRANSPORT_SOCKET, '', 54012 })"
        );
        Assert.That((await _server.ReadAsync(answer.Version)).IsComplete, Is.False);
    }

    [TestCase("{engine = 'vinyl'}", "{1, 'unsigned'}", "its engine is vinyl; it must be memtx")]
    [TestCase("{}", "{1, 'string'}", "its primary index must be on 'node' (unsigned)")]
    [TestCase("{}", "{2, 'unsigned'}", "its primary index must be on 'node' (unsigned)")]
    [TestCase("{}", "{1, 'unsigned', 2, 'unsigned'}", "its primary index must be on 'node' (unsigned)")]
    [TestCase("{format = {{'node', 'unsigned'}}}", "{1, 'unsigned'}", "its format has no field 2 'key_id' (unsigned)")]
    [TestCase("{format = {{'id', 'unsigned'}}}", "{1, 'unsigned'}", "its field 1 is 'id'; it must be 'node'")]
    [TestCase(
        "{format = {{'node', 'unsigned'}, {'key_id', 'string'}}}",
        "{1, 'unsigned'}",
        "its field 'key_id' is of type string; it must be unsigned"
    )]
    public async Task Another_space_of_the_name_is_refused_and_nothing_is_changed(
        string options,
        string parts,
        string problem
    )
    {
        await _server.EvalAsync(
            $"""
            local space = box.schema.space.create('OverriddenNodes', {options})
            space:create_index('pk', {Braces($"parts = {parts}")})
            """
        );
        ulong lsn = (await _server.ValueAsync("return box.info.lsn")).AsUInt64();
        TarantoolServerException error = await _server.EvalAsync("load_registry()").Fails<TarantoolServerException>();
        Assert.That(
            error.Message,
            Does.StartWith("fastforward.registry: space 'OverriddenNodes' exists, but " + problem)
        );
        Assert.That(
            error.Message,
            Does.EndWith("or rename it (box.space.OverriddenNodes:rename('OverriddenNodesOld')) and apply again")
        );
        Assert.That((await _server.ValueAsync("return box.info.lsn")).AsUInt64(), Is.EqualTo(lsn));
        Assert.That((await _server.ValueAsync("return box.space.Nodes")).IsNil, Is.True);
    }

    [Test]
    public async Task Rows_that_do_not_fit_are_named_and_stay()
    {
        await _server.EvalAsync(
            """
            local space = box.schema.space.create('OverriddenNodes')
            space:create_index('pk', {parts = {1, 'unsigned'}})
            space:insert{1, 'key'}
            """
        );
        TarantoolServerException error = await _server.EvalAsync("load_registry()").Fails<TarantoolServerException>();
        Assert.That(
            error.Message,
            Does.StartWith("fastforward.registry: space 'OverriddenNodes' cannot be prepared: Tuple field 2 type")
        );
        Assert.That((await _server.ValueAsync("return box.space.OverriddenNodes:len()")).AsInt32(), Is.EqualTo(1));
        Assert.That((await _server.ValueAsync("return #box.space.OverriddenNodes:format()")).AsInt32(), Is.Zero);
    }

    [TestCase("5", "the options are a number; they must be a table, for example { user = 'fastforward' }")]
    [TestCase("{usr = 'a'}", "option 'usr' is unknown; the options are user, password and keys, for example")]
    [TestCase("{'a'}", "option '1' is unknown")]
    [TestCase("{user = 5}", "option 'user' is a number; it must be a string, for example user = 'fastforward'")]
    [TestCase("{user = ''}", "option 'user' is empty; write for example user = 'fastforward', or leave it out")]
    [TestCase("{user = 'guest'}", "option 'user' is 'guest', which every Tarantool has; name a user for the hosts")]
    [TestCase("{user = 'public'}", "option 'user' is 'public', which is a role here; name a user, for example")]
    [TestCase("{password = 'secret'}", "option 'password' is given without the option 'user'; add for example")]
    [TestCase("{user = 'a', password = {'secret'}}", "option 'password' is a table; it must be a string, for example")]
    [TestCase("{keys = 'yes'}", "option 'keys' is a string; it must be a boolean, for example keys = true")]
    public async Task A_wrong_option_is_named_with_a_right_example(string options, string message)
    {
        await _server.EvalAsync("load_registry()");
        foreach (string function in new[] { "apply", "validate" }.Take(options.Contains("public") ? 1 : 2))
        {
            TarantoolServerException error = await _server
                .EvalAsync($"load_registry().{function}({options})")
                .Fails<TarantoolServerException>();
            Assert.That(error.Message, Does.StartWith("fastforward.registry: " + message));
            Assert.That(error.Message, Does.Not.Contain("secret"));
        }
    }

    private static string Braces(string text) => "{" + text + "}";
}
