using Tarantool.Client;

namespace FastForward.Tests.Tarantool;

/// <summary>
/// Many concurrent requests against the real server: each completes exactly once, even with faults.
/// </summary>
internal sealed class ConcurrencyTests
{
    private const int Tasks = 16;
    private const int Requests = 1000;

    private TarantoolServer _server = null!;

    [SetUp]
    public async Task Start() => _server = await TarantoolServer.StartAsync();

    [TearDown]
    public async Task Stop()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [Test]
    public async Task A_thousand_requests_in_flight_from_16_tasks_each_get_their_own_response()
    {
        using EndingCounter endings = new();
        await using TarantoolClient client = await TarantoolClient
            .ConnectAsync(endings.Observe(_server.Options))
            .InTime();
        long handshake = endings.Ended;
        Task<TarantoolTuple>[] calls = await StartAtGateAsync(client, endings);

        await client.CallAsync("open_gate").InTime();
        for (int i = 0; i < Requests; i++)
            Assert.That((await calls[i].InTime())[0].AsInt32(), Is.EqualTo(i));

        Assert.That(endings.InFlight, Is.Zero);
        Assert.That(
            endings.Ended,
            Is.EqualTo(handshake + Requests + 1 + endings.Polls),
            "each request completed exactly once"
        );
    }

    [Test]
    public async Task Kill_9_with_a_thousand_in_flight_fails_each_once_and_the_client_reconnects()
    {
        using EndingCounter endings = new();
        await using TarantoolClient client = await TarantoolClient
            .ConnectAsync(endings.Observe(_server.Options))
            .InTime();
        long before = endings.Ended;
        Task<TarantoolTuple>[] calls = await StartAtGateAsync(client, endings);

        await _server.KillAsync();
        int failed = 0;
        foreach (Task<TarantoolTuple> call in calls)
        {
            TarantoolConnectionException error = await call.Fails<TarantoolConnectionException>();
            Assert.That(error.MayHaveExecuted, Is.True);
            failed++;
        }

        Assert.That(failed, Is.EqualTo(Requests));
        Assert.That(endings.InFlight, Is.Zero);
        Assert.That(
            endings.Ended - before - endings.Polls,
            Is.EqualTo(Requests),
            "each request completed exactly once"
        );

        await _server.RunAsync();
        await client.PingAsync().InTime();
        Assert.That((await client.CallAsync("gate_waiters").InTime())[0].AsInt32(), Is.Zero, "nothing was retried");
    }

    [Test]
    public async Task Kill_9_under_full_load_ends_every_request_once()
    {
        using EndingCounter endings = new();
        await using TarantoolClient client = await TarantoolClient
            .ConnectAsync(endings.Observe(_server.Options))
            .InTime();
        int submitted = 0,
            answered = 0,
            lost = 0;
        using CancellationTokenSource stop = new();
        Task[] load =
        [
            .. Enumerable
                .Range(0, Tasks)
                .Select(task =>
                    Task.Run(async () =>
                    {
                        for (uint i = 0; !stop.IsCancellationRequested; i++)
                        {
                            Interlocked.Increment(ref submitted);
                            try
                            {
                                await client.ReplaceAsync("cities", new City((uint)task, $"{task}", i));
                                Interlocked.Increment(ref answered);
                            }
                            catch (TarantoolConnectionException)
                            {
                                Interlocked.Increment(ref lost);
                            }
                        }
                    })
                ),
        ];

        await Limits.Until(() => Volatile.Read(ref answered) > 2000, "there is load");
        await _server.KillAsync();
        await Limits.Until(() => client.State == TarantoolConnectionState.Disconnected, "the loss is detected");
        await _server.RunAsync();
        int then = Volatile.Read(ref answered);
        await Limits.Until(() => Volatile.Read(ref answered) > then + 2000, "there is load again");
        await stop.CancelAsync();
        await Task.WhenAll(load).InTime();

        TestContext.Out.WriteLine($"{submitted} submitted, {answered} answered, {lost} lost");
        Assert.That(answered + lost, Is.EqualTo(submitted));
        Assert.That(lost, Is.LessThanOrEqualTo(Tasks), "only what was in flight is lost");
        Assert.That(endings.InFlight, Is.Zero);
    }

    [Test]
    public async Task Cancellation_races_with_responses_and_every_request_ends_once()
    {
        const int seed = 20251,
            rounds = 300;
        TestContext.Out.WriteLine($"seed {seed}");
        using EndingCounter endings = new();
        await using TarantoolClient client = await TarantoolClient
            .ConnectAsync(endings.Observe(_server.Options))
            .InTime();
        int answered = 0,
            cancelled = 0;
        await Task.WhenAll(
                Enumerable
                    .Range(0, Tasks)
                    .Select(task =>
                        Task.Run(async () =>
                        {
                            Random random = new(seed + task);
                            for (int i = 0; i < rounds; i++)
                            {
                                using CancellationTokenSource source = new();
                                ValueTask<TarantoolTuple> call = client.CallAsync(
                                    "echo",
                                    [i],
                                    cancellationToken: source.Token
                                );
                                for (int pause = random.Next(20); pause > 0; pause--)
                                    await Task.Yield();
                                await source.CancelAsync();
                                try
                                {
                                    Assert.That((await call)[0].AsInt32(), Is.EqualTo(i));
                                    Interlocked.Increment(ref answered);
                                }
                                catch (OperationCanceledException e)
                                {
                                    Assert.That(e.CancellationToken, Is.EqualTo(source.Token));
                                    Interlocked.Increment(ref cancelled);
                                }
                            }
                        })
                    )
            )
            .InTime();

        TestContext.Out.WriteLine($"{answered} answered, {cancelled} cancelled");
        Assert.That(answered + cancelled, Is.EqualTo(Tasks * rounds));
        Assert.That(endings.InFlight, Is.Zero);
        await client.PingAsync().InTime();
    }

    [Test]
    public async Task A_stopped_server_does_not_delay_cancellation()
    {
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(_server.Options).InTime();
        await _server.SignalAsync("STOP");
        using CancellationTokenSource source = new();
        Task[] given = [.. Enumerable.Range(0, Requests).Select(_ => client.PingAsync(source.Token).AsTask())];
        Task<TarantoolTuple> patient = client.CallAsync("echo", ["patient"]).AsTask();
        await source.CancelAsync();
        foreach (Task task in given)
            Assert.That(async () => await task.InTime(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(patient.IsCompleted, Is.False);
        await _server.SignalAsync("CONT");
        Assert.That((await patient.InTime())[0].AsString(), Is.EqualTo("patient"));
        Assert.That(client.State, Is.EqualTo(TarantoolConnectionState.Connected));
    }

    /// <summary>Starts the requests and waits until the server holds all of them at its gate.</summary>
    private static async Task<Task<TarantoolTuple>[]> StartAtGateAsync(TarantoolClient client, EndingCounter endings)
    {
        Task<TarantoolTuple>[] calls = new Task<TarantoolTuple>[Requests];
        await Task.WhenAll(
                Enumerable
                    .Range(0, Tasks)
                    .Select(task =>
                        Task.Run(() =>
                        {
                            for (int i = task; i < Requests; i += Tasks)
                                calls[i] = client.CallAsync("wait_for_gate", [i]).AsTask();
                        })
                    )
            )
            .InTime();
        int waiting;
        do
        {
            waiting = (await client.CallAsync("gate_waiters").InTime())[0].AsInt32();
            endings.Polled();
        } while (waiting < Requests);
        return calls;
    }
}
