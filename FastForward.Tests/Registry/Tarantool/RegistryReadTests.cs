using FastForward.Tests.Tarantool;
using Tarantool.Client;

namespace FastForward.Tests.Registry.Tarantool;

/// <summary>What registry_read answers, on a real server.</summary>
internal sealed class RegistryReadTests
{
    private RegistryServer _server = null!;

    [OneTimeSetUp]
    public async Task Start() => _server = await RegistryServer.StartAsync();

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [SetUp]
    public Task Clear() => _server.EvalAsync("box.space.OverriddenNodes:truncate() box.space.Nodes:truncate()");

    [Test]
    public async Task The_line_of_the_operator_is_taken_word_for_word()
    {
        await _server.EvalAsync(
            "box.space.OverriddenNodes:replace({ 250012, 0, FORWARD_TRANSPORT_SOCKET, '', 54012 })"
        );
        RegistryAnswer answer = await _server.ReadAsync();
        Assert.That(answer.Rows("OverriddenNodes"), Is.EqualTo(new[] { "[250012, 0, 2, \"\", 54012]" }));
        Assert.That(answer.Rows("Nodes"), Is.Empty);
    }

    [Test]
    public async Task An_answer_says_where_it_comes_from_and_empty_lists_are_arrays()
    {
        RegistryAnswer answer = await _server.ReadAsync();
        TarantoolTuple info = await _server.EvalAsync("return box.info.cluster.uuid, box.info.uuid, box.info.lsn");
        Assert.Multiple(() =>
        {
            Assert.That(answer.Map["format"].AsInt32(), Is.EqualTo(1));
            Assert.That(answer.Registry, Is.EqualTo(info[0].AsString()));
            Assert.That(answer.Instance, Is.EqualTo(info[1].AsString()));
            Assert.That(answer.Map.ContainsKey("name"), Is.False);
            Assert.That(answer.VClock, Is.EqualTo(new[] { (1u, info[2].AsUInt64()) }));
            Assert.That(answer.IsReadOnly, Is.False);
            Assert.That(answer.IsComplete, Is.True);
            Assert.That(answer.Map.ContainsKey("unchanged"), Is.False);
            Assert.That(answer.Map.ContainsKey("Removed"), Is.False);
            Assert.That(answer.Map["Nodes"].Kind, Is.EqualTo(TarantoolValueKind.Array));
        });

        await _server.EvalAsync("box.space.Nodes:replace{1, 0, 'a', 2}");
        RegistryAnswer changes = await _server.ReadAsync(answer.Version);
        Assert.That(changes.Map["OverriddenNodes"].Kind, Is.EqualTo(TarantoolValueKind.Array));
        Assert.That(changes.Removed("OverriddenNodes"), Is.Empty);
        Assert.That(changes.Removed("Nodes"), Is.Empty);

        RegistryAnswer same = await _server.ReadAsync(changes.Version);
        Assert.That(same.IsUnchanged, Is.True);
        Assert.That(same.Map.ContainsKey("complete"), Is.False);
        Assert.That(same.Map.ContainsKey("Nodes"), Is.False);
    }

    [TestCase("'10.0.0.1'", "\"10.0.0.1\"")]
    [TestCase("''", "\"\"")]
    [TestCase("3", "3")]
    [TestCase("box.NULL", "nil")]
    [TestCase("nil", "nil")]
    public async Task An_address_is_a_text_a_number_or_nil(string address, string expected)
    {
        await _server.EvalAsync($"box.space.OverriddenNodes:replace{{1, 0, FORWARD_TRANSPORT_VSOCKET, {address}, 5}}");
        await _server.EvalAsync($"box.space.Nodes:replace{{1, 0, {address}, 5, 'a later field'}}");
        RegistryAnswer answer = await _server.ReadAsync();
        Assert.That(answer.Rows("OverriddenNodes"), Is.EqualTo(new[] { $"[1, 0, 3, {expected}, 5]" }));
        Assert.That(answer.Rows("Nodes"), Is.EqualTo(new[] { $"[1, 0, {expected}, 5, \"a later field\"]" }));
    }

    [TestCase("{ 250012, 0, FORWARD_TRANSPORT_SOKET, '', 54012 }", "Tuple field 3 type does not match")]
    [TestCase("{ '250012', 0, 2, '', 54012 }", "Tuple field 1 type does not match")]
    [TestCase("{ 250012, 0, 2, {}, 54012 }", "Tuple field 4 type does not match")]
    [TestCase("{ 250012, 0, 2, '', -1 }", "Tuple field 5 type does not match")]
    [TestCase("{ 250012, 0, 2, '' }", "Tuple field 5 required by space format is missing")]
    public async Task Mistakes_in_the_console_are_refused_at_once(string row, string message)
    {
        TarantoolServerException error = await _server
            .EvalAsync($"box.space.OverriddenNodes:replace({row})")
            .Fails<TarantoolServerException>();
        Assert.That(error.Message, Does.Contain(message));
    }

    [TestCase("box.space.Nodes:replace{2, 0, 'new', 2}", "[2, 0, \"new\", 2]", "")]
    [TestCase("box.space.Nodes:insert{3, 0, 'new', 3}", "[3, 0, \"new\", 3]", "")]
    [TestCase("box.space.Nodes:update(2, {{'=', 4, 9}})", "[2, 0, \"b\", 9]", "")]
    [TestCase("box.space.Nodes:upsert({4, 0, '', 4}, {})", "[4, 0, \"\", 4]", "")]
    [TestCase("box.space.Nodes:delete(1)", "", "1")]
    [TestCase("box.space.Nodes:delete(1) box.space.Nodes:insert{1, 1, '', 1}", "[1, 1, \"\", 1]", "")]
    [TestCase("box.atomic(function() box.space.Nodes:delete(1) box.space.Nodes:delete(2) end)", "", "1 2")]
    [TestCase("box.begin() box.space.Nodes:replace{7, 0, '', 7} box.rollback()", "", "7")]
    [TestCase("box.begin() box.space.Nodes:delete(1) box.rollback()", "[1, 0, \"a\", 1]", "")]
    public async Task A_change_wakes_who_waits_and_only_what_changed_is_told(string change, string rows, string removed)
    {
        await _server.EvalAsync("box.space.Nodes:insert{1, 0, 'a', 1} box.space.Nodes:insert{2, 0, 'b', 2}");
        RegistryAnswer before = await _server.ReadAsync();
        Task<RegistryAnswer> waiting = _server.ReadAsync(before.Version, 60);
        await _server.UntilWaitingAsync(1);

        await _server.EvalAsync(change);
        _ = await waiting.InTime();
        RegistryAnswer answer = await _server.ReadAsync(before.Version);
        Assert.That(answer.IsComplete, Is.False);
        Assert.That(string.Join(' ', answer.Rows("Nodes")), Is.EqualTo(rows));
        Assert.That(string.Join(' ', answer.Removed("Nodes")), Is.EqualTo(removed));
        Assert.That(answer.Rows("OverriddenNodes"), Is.Empty);
        Assert.That(answer.Removed("OverriddenNodes"), Is.Empty);
    }

    [Test]
    public async Task A_truncation_wakes_who_waits_and_is_answered_completely()
    {
        await _server.EvalAsync(
            "box.space.Nodes:insert{1, 0, 'a', 1} box.space.OverriddenNodes:insert{1, 0, 0, 'a', 1}"
        );
        RegistryAnswer before = await _server.ReadAsync();
        Task<RegistryAnswer> waiting = _server.ReadAsync(before.Version, 60);
        await _server.UntilWaitingAsync(1);
        await _server.EvalAsync("box.space.Nodes:truncate()");
        RegistryAnswer answer = await waiting.InTime();
        Assert.That(answer.IsComplete, Is.True);
        Assert.That(answer.Rows("Nodes"), Is.Empty);
        Assert.That(answer.Rows("OverriddenNodes"), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task A_wait_without_change_ends_with_its_timeout_and_leaves_nothing_behind()
    {
        string version = (await _server.ReadAsync()).Version;
        Assert.That((await _server.ReadAsync(version, 0.05)).IsUnchanged, Is.True);
        Assert.That((await _server.ReadAsync(version, -1)).IsUnchanged, Is.True);
        Assert.That((await _server.ValueAsync("return fastforward.registry_state.waiting")).AsInt32(), Is.Zero);
    }

    [Test]
    public async Task A_client_that_leaves_while_it_waits_leaves_nothing_behind()
    {
        string version = (await _server.ReadAsync()).Version;
        await _server.EvalAsync("box.schema.user.create('leaver', {password = 'p'})");
        await _server.EvalAsync("box.session.su('admin', box.schema.user.grant, 'leaver', 'fastforward_registry')");
        TarantoolClient leaver = await _server.ConnectAsync("leaver", "p");
        Task<RegistryAnswer> waiting = RegistryAnswer.ReadAsync(leaver, version, 0.3);
        await _server.UntilWaitingAsync(1);
        await leaver.DisposeAsync();
        Assert.That(async () => await waiting.InTime(), Throws.Exception);
        await _server.UntilWaitingAsync(0);
    }

    [TestCase("'no version'")]
    [TestCase("''")]
    [TestCase("nil")]
    [TestCase("'b1b1b1b1-0000-0000-0000-000000000000:1'")]
    [TestCase("fastforward.registry_read().version .. '0'")]
    public async Task A_version_of_another_start_or_none_is_answered_completely_at_once(string version)
    {
        await _server.EvalAsync("box.space.Nodes:insert{1, 0, 'a', 1}");
        RegistryAnswer answer = new(
            (await _server.ValueAsync($"return fastforward.registry_read({version}, 60)")).AsMap()
        );
        Assert.That(answer.IsComplete, Is.True);
        Assert.That(answer.Rows("Nodes"), Has.Length.EqualTo(1));
    }

    [TestCase("5", "the version is a number; it must be the text of an earlier answer, or nil")]
    [TestCase("nil, 'soon'", "the timeout must be a number of seconds, for example 30")]
    [TestCase("nil, 0/0", "the timeout must be a number of seconds, for example 30")]
    public async Task Wrong_arguments_are_named(string arguments, string message)
    {
        TarantoolServerException error = await _server
            .EvalAsync($"return fastforward.registry_read({arguments})")
            .Fails<TarantoolServerException>();
        Assert.That(error.Message, Is.EqualTo($"fastforward.registry: registry_read: {message}"));
    }

    [Test]
    public async Task A_version_older_than_4096_changes_is_answered_completely()
    {
        RegistryAnswer before = await _server.ReadAsync();
        await _server.EvalAsync("for i = 1, 4096 do box.space.Nodes:replace{1 + i % 7, 0, '', i} end");
        RegistryAnswer differences = await _server.ReadAsync(before.Version);
        Assert.That(differences.IsComplete, Is.False);
        Assert.That(differences.Rows("Nodes"), Has.Length.EqualTo(7));
        await _server.EvalAsync("box.space.Nodes:replace{1, 0, '', 1}");
        Assert.That((await _server.ReadAsync(before.Version)).IsComplete, Is.True);
    }

    [Test]
    public async Task Ten_thousand_rows_come_in_one_answer()
    {
        await _server.EvalAsync(
            "box.atomic(function() for i = 1, 10000 do box.space.Nodes:insert{i, 0, 'host' .. i, 5} end end)"
        );
        RegistryAnswer answer = await _server.ReadAsync();
        Assert.That(answer.Rows("Nodes"), Has.Length.EqualTo(10000));
        Assert.That(answer.Rows("Nodes").Distinct().Count(), Is.EqualTo(10000));
    }

    [Test]
    public async Task Node_ids_above_2_to_the_53_are_told_exactly()
    {
        string before = (await _server.ReadAsync()).Version;
        await _server.EvalAsync(
            """
            box.space.Nodes:insert{18446744073709551615ULL, 0, '', 1}
            box.space.Nodes:insert{18446744073709551614ULL, 0, '', 1}
            box.space.Nodes:delete(18446744073709551614ULL)
            """
        );
        RegistryAnswer answer = await _server.ReadAsync(before);
        Assert.That(answer.Rows("Nodes"), Is.EqualTo(new[] { "[18446744073709551615, 0, \"\", 1]" }));
        Assert.That(answer.Removed("Nodes"), Is.EqualTo(new[] { 18446744073709551614UL }));
    }
}
