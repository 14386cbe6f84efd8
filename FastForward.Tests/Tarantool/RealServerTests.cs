using Tarantool.Client;

namespace FastForward.Tests.Tarantool;

/// <summary>Every request type against the real server, over TCP and UNIX sockets.</summary>
[TestFixture(false)]
[TestFixture(true)]
internal sealed class RealServerTests(bool useTcp)
{
    private TarantoolServer _server = null!;
    private TarantoolClient _client = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _server = await TarantoolServer.StartAsync(useTcp);
        _client = await TarantoolClient.ConnectAsync(_server.Options);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_client is not null)
            await _client.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [SetUp]
    public async Task Clear()
    {
        foreach (string space in new[] { "cities", "counters", "any" })
            await _client.CallAsync($"box.space.{space}:truncate").InTime();
    }

    [Test]
    public async Task Ping_is_answered()
    {
        await _client.PingAsync().InTime();
        Assert.That(_client.State, Is.EqualTo(TarantoolConnectionState.Connected));
        Assert.That(_client.Server!.Version, Does.Match(@"^\d+\.\d+\.\d+"));
        Assert.That(_client.Server.InstanceId, Is.Not.EqualTo(Guid.Empty));
    }

    [Test]
    public async Task A_typed_tuple_is_stored_and_read_back()
    {
        City city = new(1, "Wien", 2_000_000);
        Assert.That(await _client.InsertAsync("cities", city).InTime(), Is.EqualTo(city));
        Assert.That(await _client.GetAsync<City>("cities", [1]).InTime(), Is.EqualTo(city));
        Assert.That(await _client.GetAsync<City>("cities", ["Wien"], "by_name").InTime(), Is.EqualTo(city));
        Assert.That(await _client.GetAsync<City>("cities", [2]).InTime(), Is.Null);
        Assert.That(await _client.DeleteAsync<City>("cities", ["Wien"], "by_name").InTime(), Is.EqualTo(city));
        Assert.That(await _client.DeleteAsync<City>("cities", [1]).InTime(), Is.Null);
    }

    [Test]
    public async Task Select_takes_index_iterator_limit_and_offset()
    {
        for (uint i = 1; i <= 10; i++)
            await _client.ReplaceAsync("cities", new City(i, $"city {i:00}", i * 1000)).InTime();

        City[] above = await _client
            .SelectAsync<City>(
                "cities",
                [5],
                new SelectOptions
                {
                    Iterator = TarantoolIterator.Gt,
                    Offset = 1,
                    Limit = 2,
                }
            )
            .InTime();
        Assert.That(above.Select(city => city.Id), Is.EqualTo(new[] { 7u, 8u }));

        TarantoolTuple[] below = await _client
            .SelectAsync(
                "cities",
                ["city 03"],
                new SelectOptions { Index = "by_name", Iterator = TarantoolIterator.Le }
            )
            .InTime();
        Assert.That(below.Select(tuple => tuple[0].AsInt32()), Is.EqualTo(new[] { 3, 2, 1 }));

        Assert.That(await _client.SelectAsync<City>("cities", []).InTime(), Has.Length.EqualTo(10));
        Assert.That(await _client.SelectAsync<City>("cities", [], new SelectOptions { Limit = 0 }).InTime(), Is.Empty);
    }

    [Test]
    public async Task Update_applies_every_operation()
    {
        await _client.ReplaceAsync("any", [1, 10, "abcdef", 12, 5, "gone", "gone too"]).InTime();
        TarantoolTuple? updated = await _client
            .UpdateAsync(
                "any",
                [1],
                [
                    UpdateOperation.Add(1, 5),
                    UpdateOperation.Splice(2, 1, 2, "XYZ"),
                    UpdateOperation.And(3, 8),
                    UpdateOperation.Subtract(4, 2),
                    UpdateOperation.Remove(5, 2),
                    UpdateOperation.Insert(5, "new"),
                    UpdateOperation.Assign(-1, "newer"),
                ]
            )
            .InTime();
        Assert.That(updated, Is.EqualTo(TarantoolTuple.Create(1, 15, "aXYZdef", 8, 3, "newer")));

        updated = await _client
            .UpdateAsync("any", [1], [UpdateOperation.Or(1, 16), UpdateOperation.Xor(3, 1)])
            .InTime();
        Assert.That(updated, Is.EqualTo(TarantoolTuple.Create(1, 31, "aXYZdef", 9, 3, "newer")));
        Assert.That(await _client.UpdateAsync("any", [2], [UpdateOperation.Assign(1, 0)]).InTime(), Is.Null);
    }

    [Test]
    public async Task Update_names_a_field_by_name()
    {
        await _client.ReplaceAsync("cities", new City(1, "Graz", 290_000)).InTime();
        City? city = await _client
            .UpdateAsync<City>("cities", ["Graz"], [UpdateOperation.Add("people", 10)], "by_name")
            .InTime();
        Assert.That(city, Is.EqualTo(new City(1, "Graz", 290_010)));
    }

    [Test]
    public async Task Upsert_inserts_and_then_changes()
    {
        for (int i = 0; i < 3; i++)
            await _client.UpsertAsync("counters", ["hits", 1], [UpdateOperation.Add(1, 1)]).InTime();
        Assert.That(
            await _client.GetAsync("counters", ["hits"]).InTime(),
            Is.EqualTo(TarantoolTuple.Create("hits", 3))
        );
    }

    [Test]
    public async Task Every_kind_of_value_round_trips_through_a_space()
    {
        TarantoolTuple tuple =
        [
            1,
            TarantoolValue.Nil,
            true,
            false,
            0,
            -1,
            int.MinValue,
            long.MinValue,
            ulong.MaxValue,
            1.5,
            double.MaxValue,
            "",
            "Grüße 🙂",
            new byte[] { 0, 255 },
            TarantoolTuple.Create(1, TarantoolTuple.Create("deep")),
            new Dictionary<TarantoolValue, TarantoolValue> { ["a"] = 1, [2] = TarantoolTuple.Create() },
            Guid.Parse("01234567-89ab-cdef-0123-456789abcdef"),
            -123.4500m,
            decimal.MaxValue,
            0m,
            .0000000001m,
        ];
        Assert.That(await _client.InsertAsync("any", tuple).InTime(), Is.EqualTo(tuple));
        TarantoolTuple read = (await _client.GetAsync("any", [1]).InTime())!;
        Assert.That(read, Is.EqualTo(tuple));
        Assert.That(read[16].AsGuid(), Is.EqualTo(Guid.Parse("01234567-89ab-cdef-0123-456789abcdef")));
        Assert.That(read[17].AsDecimal(), Is.EqualTo(-123.45m));
        Assert.That(read[18].AsDecimal(), Is.EqualTo(decimal.MaxValue));
    }

    [Test]
    public async Task The_server_reads_our_extensions_as_its_own_types()
    {
        TarantoolTuple answer = await _client
            .EvalAsync(
                "local u, d = ...; return tostring(u), tostring(d), tostring(d + 1), type(u), type(d)",
                [Guid.Parse("01234567-89ab-cdef-0123-456789abcdef"), -0.05m]
            )
            .InTime();
        Assert.That(
            answer,
            Is.EqualTo(TarantoolTuple.Create("01234567-89ab-cdef-0123-456789abcdef", "-0.05", "0.95", "cdata", "cdata"))
        );
    }

    [Test]
    public async Task A_tuple_with_very_many_fields_round_trips([Values(15, 16, 65535, 65536, 100_000)] int count)
    {
        TarantoolValue[] fields = new TarantoolValue[count];
        for (int i = 0; i < count; i++)
            fields[i] = i + 1;
        Assert.That(
            await _client.CallAsync("echo", [TarantoolTuple.Create(fields)]).InTime(),
            Is.EqualTo(TarantoolTuple.Create(TarantoolTuple.Create(fields)))
        );
    }

    [Test]
    public async Task Call_and_eval_return_all_values()
    {
        Assert.That(
            await _client.CallAsync("echo", [1, "two", TarantoolTuple.Create(3)]).InTime(),
            Is.EqualTo(TarantoolTuple.Create(1, "two", TarantoolTuple.Create(3)))
        );
        Assert.That(
            await _client.EvalAsync("local a, b = ...; return a + b", [40, 2]).InTime(),
            Is.EqualTo(TarantoolTuple.Create(42))
        );
        Assert.That(await _client.EvalAsync("return").InTime(), Is.Empty);
        Assert.That(
            (await _client.EvalAsync("return 1.0, 0.5").InTime()).Select(value => value.AsDouble()),
            Is.EqualTo(new[] { 1.0, 0.5 })
        );
    }

    [Test]
    public async Task Pushed_messages_arrive_in_order_and_before_the_result()
    {
        List<TarantoolValue> pushed = new();
        TarantoolTuple result = await _client
            .CallAsync("push_three", options: new CallOptions { Push = new Receiver(pushed.Add) })
            .InTime();
        Assert.That(result, Is.EqualTo(TarantoolTuple.Create("done")));
        Assert.That(
            pushed,
            Is.EqualTo(
                new TarantoolValue[]
                {
                    TarantoolTuple.Create(1, "pushed"),
                    TarantoolTuple.Create(2, "pushed"),
                    TarantoolTuple.Create(3, "pushed"),
                }
            )
        );
        Assert.That(
            await _client.CallAsync("push_three").InTime(),
            Is.EqualTo(TarantoolTuple.Create("done")),
            "pushes that nobody takes are dropped"
        );
    }

    [Test]
    public async Task An_exception_in_a_push_receiver_does_not_affect_requests()
    {
        TarantoolTuple result = await _client
            .CallAsync(
                "push_three",
                options: new CallOptions { Push = new Receiver(_ => throw new InvalidOperationException("mine")) }
            )
            .InTime();
        Assert.That(result[0].AsString(), Is.EqualTo("done"));
    }

    [Test]
    public async Task Sql_creates_changes_and_queries()
    {
        await _client.ExecuteAsync("DROP TABLE IF EXISTS t").InTime();
        await _client.ExecuteAsync("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, name STRING)").InTime();
        SqlResult inserted = await _client
            .ExecuteAsync(
                "INSERT INTO t (name) VALUES (?), (:second)",
                ["one", new Dictionary<TarantoolValue, TarantoolValue> { [":second"] = "two" }]
            )
            .InTime();
        Assert.That(inserted.RowsAffected, Is.EqualTo(2));
        Assert.That(inserted.GeneratedIds, Is.EqualTo(new[] { 1L, 2L }));

        SqlResult rows = await _client.ExecuteAsync("SELECT id, name FROM t ORDER BY id DESC").InTime();
        Assert.That(rows.Columns.Select(column => column.Name), Is.EqualTo(new[] { "ID", "NAME" }));
        Assert.That(rows.Columns.Select(column => column.Type), Is.EqualTo(new[] { "integer", "string" }));
        Assert.That(rows.Rows, Is.EqualTo(new[] { TarantoolTuple.Create(2, "two"), TarantoolTuple.Create(1, "one") }));
    }

    [Test]
    public async Task A_duplicate_key_is_a_server_exception_with_code_text_and_stack()
    {
        await _client.InsertAsync("cities", new City(1, "Wien", 1)).InTime();
        TarantoolServerException error = await _client
            .InsertAsync("cities", new City(1, "Linz", 1))
            .AsTask()
            .Fails<TarantoolServerException>();
        Assert.That(error.Code, Is.EqualTo(TarantoolErrorCodes.TupleFound));
        Assert.That(error.Message, Does.Contain("Duplicate key"));
        Assert.That(error.ErrorStack, Has.Count.EqualTo(1));
        Assert.That(error.ErrorStack[0].Type, Is.EqualTo("ClientError"));
        Assert.That(error.ErrorStack[0].Code, Is.EqualTo(TarantoolErrorCodes.TupleFound));
        Assert.That(error.ErrorStack[0].Line, Is.Positive);
    }

    [Test]
    public async Task An_error_with_a_cause_has_both_in_its_stack()
    {
        TarantoolServerException error = await _client
            .CallAsync("fail_twice")
            .AsTask()
            .Fails<TarantoolServerException>();
        Assert.That(error.Code, Is.EqualTo(1002));
        Assert.That(
            error.ErrorStack.Select(e => (e.Code, e.Message)),
            Is.EqualTo(new[] { (1002, "the outer error"), (1001, "the cause") })
        );
    }

    [Test]
    public async Task Common_error_codes_are_those_of_the_server()
    {
        await AssertCode(TarantoolErrorCodes.ProcLua, _client.EvalAsync("error('mine')").AsTask());
        await AssertCode(TarantoolErrorCodes.NoSuchProc, _client.CallAsync("no_such_function").AsTask());
        await AssertCode(TarantoolErrorCodes.NoSuchSpace, _client.SelectAsync(54321, []).AsTask());
        await AssertCode(
            TarantoolErrorCodes.NoSuchIndex,
            _client.SelectAsync("cities", [], new SelectOptions { Index = 77 }).AsTask()
        );
    }

    [Test]
    public async Task A_response_of_another_type_is_a_data_exception_and_the_connection_stays_open()
    {
        TarantoolDataException error = await _client
            .CallAsync<City>("echo", [1, 2, 3])
            .AsTask()
            .Fails<TarantoolDataException>();
        Assert.That(error.Message, Does.Contain("Field 2").And.Contain("String"));
        error = await _client.CallAsync<City>("echo", [1]).AsTask().Fails<TarantoolDataException>();
        Assert.That(error.Message, Does.Contain("only 1 fields"));
        await _client.CallAsync<City>("echo", [-1, "x", 3]).AsTask().Fails<TarantoolDataException>();
        await _client.PingAsync().InTime();
    }

    [Test]
    public async Task An_error_response_is_recorded_with_its_code()
    {
        using EndingCounter endings = new();
        await using TarantoolClient client = await TarantoolClient
            .ConnectAsync(endings.Observe(_server.Options))
            .InTime();
        await client.PingAsync().InTime();
        await client.CallAsync("no_such_function").AsTask().Fails<TarantoolServerException>();
        Dictionary<string, object?> ping = endings.Tags.Single(tags => tags["db.operation.name"] is "ping");
        Assert.That(ping.Keys, Has.None.EqualTo("error.type"));
        Dictionary<string, object?> call = endings.Tags.Single(tags => tags["db.operation.name"] is "call");
        Assert.That((call["error.type"], call["db.response.status_code"]), Is.EqualTo(((object)"33", (object)"33")));
    }

    [Test]
    public async Task A_tuple_suppressed_by_a_trigger_is_reported()
    {
        await _client
            .EvalAsync(
                """
                local s = box.schema.space.create('guarded')
                s:create_index('primary')
                s:before_replace(function(old) return old end)
                """
            )
            .InTime();
        TarantoolDataException error = await _client
            .InsertAsync("guarded", [1])
            .AsTask()
            .Fails<TarantoolDataException>();
        Assert.That(error.Message, Does.Contain("was executed").And.Contain("before_replace"));
    }

    private static async Task AssertCode(int code, Task request) =>
        Assert.That((await request.Fails<TarantoolServerException>()).Code, Is.EqualTo(code));

    private sealed class Receiver(Action<TarantoolValue> receive) : IProgress<TarantoolValue>
    {
        public void Report(TarantoolValue value) => receive(value);
    }
}
