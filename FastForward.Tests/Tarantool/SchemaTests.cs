using Tarantool.Client;
using Tarantool.Client.Connection;

namespace FastForward.Tests.Tarantool;

/// <summary>Spaces and indexes by name, and what happens when the schema changes, against the real server.</summary>
internal sealed class SchemaTests
{
    private TarantoolServer _server = null!;
    private TarantoolClient _client = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _server = await TarantoolServer.StartAsync();
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

    [Test]
    public async Task An_unknown_name_is_a_schema_exception_until_it_exists()
    {
        TarantoolSchemaException error = await _client
            .SelectAsync("later", [])
            .AsTask()
            .Fails<TarantoolSchemaException>();
        Assert.That(error.Message, Does.Contain("'later'"));
        await CreateAsync("later");
        Assert.That(await _client.SelectAsync("later", []).InTime(), Is.Empty);
        error = await _client.GetAsync("later", [1], "nowhere").AsTask().Fails<TarantoolSchemaException>();
        Assert.That(error.Message, Does.Contain("'nowhere'"));
    }

    [Test]
    public async Task Numbers_and_names_may_be_mixed()
    {
        uint id = (await _client.EvalAsync("return box.space.cities.id").InTime())[0].AsUInt32();
        await _client.ReplaceAsync(id, new City(1, "Wels", 60_000)).InTime();
        Assert.That((await _client.GetAsync<City>(id, ["Wels"], "by_name").InTime())!.Id, Is.EqualTo(1));
        Assert.That((await _client.GetAsync<City>("cities", ["Wels"], 1).InTime())!.Id, Is.EqualTo(1));
    }

    [Test]
    public async Task A_space_that_was_dropped_and_recreated_is_found_under_its_new_id()
    {
        await CreateAsync("moving");
        await _client.InsertAsync("moving", [1, "old"]).InTime();

        // Another session changes the schema, so that this client has not seen a response with the new version.
        await using (TarantoolClient other = await TarantoolClient.ConnectAsync(_server.Options).InTime())
            await other
                .EvalAsync(
                    """
                    box.space.moving:rename('moved')
                    local s = box.schema.space.create('moving')
                    s:create_index('primary')
                    """
                )
                .InTime();

        await _client.InsertAsync("moving", [1, "new"]).InTime();
        Assert.That(
            await _client.SelectAsync("moving", []).InTime(),
            Is.EqualTo(new[] { TarantoolTuple.Create(1, "new") })
        );
        Assert.That(
            await _client.SelectAsync("moved", []).InTime(),
            Is.EqualTo(new[] { TarantoolTuple.Create(1, "old") })
        );
    }

    [Test]
    public async Task Requests_by_name_address_the_right_space_while_the_schema_keeps_changing()
    {
        await CreateAsync("steady");
        await using TarantoolClient other = await TarantoolClient.ConnectAsync(_server.Options).InTime();
        using CancellationTokenSource stop = new();
        Task changing = Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                await other
                    .EvalAsync(
                        """
                        local s = box.schema.space.create('passing')
                        s:create_index('primary')
                        require('fiber').sleep(0.01)
                        s:drop()
                        require('fiber').sleep(0.01)
                        """
                    )
                    .InTime();
            }
        });
        for (int i = 1; i <= 500; i++)
            await _client.InsertAsync("steady", [i]).InTime();
        await stop.CancelAsync();
        await changing.InTime();
        Assert.That(await _client.SelectAsync("steady", []).InTime(), Has.Length.EqualTo(500));
    }

    [Test]
    public async Task A_thousand_requests_by_a_new_name_need_one_lookup()
    {
        await CreateAsync("popular");
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(_server.Options).InTime();
        long before = await SelectsAsync();
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => client.SelectAsync("popular", []).AsTask())).InTime();
        Assert.That(await SelectsAsync() - before, Is.EqualTo(1001));

        async Task<long> SelectsAsync() =>
            (await client.EvalAsync("return box.stat().SELECT.total").InTime())[0].AsInt64();
    }

    private async Task CreateAsync(string name) =>
        await _client.EvalAsync("local s = box.schema.space.create(...) s:create_index('primary')", [name]).InTime();

    [Test]
    public async Task Unknown_names_are_not_cached()
    {
        using ClientContext context = new(_server.Options);
        await using TarantoolConnection connection = await new Connector(
            context,
            context.Options.EndPoints[0],
            new WatchRegistry()
        )
            .ConnectAsync(CancellationToken.None)
            .InTime();
        await connection.Schema.ResolveAsync(new("cities", 0), long.MaxValue, CancellationToken.None).InTime();
        for (int i = 0; i < 100; i++)
        {
            await connection
                .Schema.ResolveAsync(new($"nowhere {i}", 0), long.MaxValue, CancellationToken.None)
                .AsTask()
                .Fails<TarantoolSchemaException>();
            await connection
                .Schema.ResolveAsync(new("cities", $"nowhere {i}"), long.MaxValue, CancellationToken.None)
                .AsTask()
                .Fails<TarantoolSchemaException>();
        }

        await Limits.Until(() => connection.Schema.Count == 1, "only the existing name is cached");
    }
}
