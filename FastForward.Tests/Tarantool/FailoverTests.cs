using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Tarantool.Client;
using Tarantool.Client.Protocol;

namespace FastForward.Tests.Tarantool;

/// <summary>A list of servers: their order, and what happens when one fails.</summary>
internal sealed class FailoverTests
{
    private static readonly EndPoint s_absent = new UnixDomainSocketEndPoint("/tmp/there-is-no-such.sock");

    [Test]
    public async Task The_first_server_that_works_is_used_and_shown()
    {
        await using FakeServer second = new(AnswerAsync);
        await using FakeServer third = new(AnswerAsync);
        await using TarantoolClient client = await TarantoolClient
            .ConnectAsync(Options(s_absent, second.EndPoint, third.EndPoint))
            .InTime();
        await client.PingAsync().InTime();
        Assert.That(client.Server!.EndPoint, Is.EqualTo(second.EndPoint));
        Assert.That(third.Connections, Is.Zero);
    }

    [Test]
    public async Task A_server_that_refuses_the_user_is_passed_over()
    {
        await using FakeServer first = new(RefuseAsync);
        await using TarantoolServer second = await TarantoolServer.StartAsync();
        TarantoolClientOptions options = second.Options;
        options.EndPoints = [first.EndPoint, second.EndPoint];
        CollectingLogger<TarantoolClient> logger = new();
        options.LoggerFactory = logger;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        Assert.That(client.Server!.EndPoint, Is.EqualTo(second.EndPoint));
        Assert.That(first.Connections, Is.EqualTo(1));
        Assert.That(logger.TextsOf(6011).Single(), Does.StartWith($"{first.EndPoint} was passed over"));
    }

    [Test]
    public async Task If_all_fail_the_error_names_each_with_its_reason_and_not_the_password()
    {
        await using FakeServer refuses = new(RefuseAsync);
        await using FakeServer greets = new(session => session.SendAsync(Frames.MakeGreeting("SSH-2.0")));
        TarantoolClientOptions options = Options(s_absent, refuses.EndPoint, greets.EndPoint);
        options.UserName = "user";
        options.Password = "secret";
        TarantoolConnectionException error = await TarantoolClient
            .ConnectAsync(options)
            .AsTask()
            .Fails<TarantoolConnectionException>();
        Assert.That(error.Message, Does.StartWith("None of 3 servers can be used: "));
        Assert.That(error.Message, Does.Contain($"{s_absent}: There is no such socket"));
        Assert.That(error.Message, Does.Contain($"{refuses.EndPoint}: the password is wrong"));
        Assert.That(error.Message, Does.Contain($"{greets.EndPoint}").And.Contain("did not greet"));
        Assert.That(error.ToString(), Does.Not.Contain("secret"));
        Assert.That(
            ((AggregateException)error.InnerException!).InnerExceptions.Select(inner => inner.GetType()),
            Is.EqualTo(
                new[]
                {
                    typeof(TarantoolConnectionException),
                    typeof(TarantoolServerException),
                    typeof(TarantoolProtocolException),
                }
            )
        );
    }

    [Test]
    public async Task A_loss_leads_to_the_others_without_a_delay_and_to_a_delay_when_all_have_failed()
    {
        FakeTimeProvider time = new();
        ConcurrentQueue<string> order = new();
        SemaphoreSlim lose = new(0);
        await using FakeServer first = new(session => UntilLostAsync(session, "first", order, lose));
        await using FakeServer second = new(session => UntilLostAsync(session, "second", order, lose));
        TarantoolClientOptions options = Options(first.EndPoint, second.EndPoint, s_absent);
        options.TimeProvider = time;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        SemaphoreSlim losses = new(0);
        client.StateChanged += (_, change) =>
        {
            if (change.State == TarantoolConnectionState.Disconnected)
                losses.Release();
        };

        // The clock stands still: the second one is tried without a delay.
        lose.Release();
        Assert.That(await losses.WaitAsync(Limits.Wait), Is.True);
        await Limits.Until(() => client.State == TarantoolConnectionState.Connected, "the second one is used");
        Assert.That(client.Server!.EndPoint, Is.EqualTo(second.EndPoint));
        lose.Release();
        Assert.That(await losses.WaitAsync(Limits.Wait), Is.True);
        TarantoolConnectionException lost = await NotConnectedAsync(client);
        Assert.That(lost.Message, Does.Contain("no connection"));
        Assert.That(order, Is.EqualTo(new[] { "first", "second" }), "all have failed: none is tried before the delay");
        await Limits.Until(
            () =>
            {
                time.Advance(options.ReconnectMinDelay);
                return client.State == TarantoolConnectionState.Connected;
            },
            "the first one is used again after the delay"
        );
        Assert.That(order, Is.EqualTo(new[] { "first", "second", "first" }));
        await client.DisposeAsync().InTime();
        lose.Release(); // ends the last connection's script
    }

    [Test]
    public async Task Two_servers_killed_in_turn_under_load_end_every_request_once()
    {
        await using TarantoolServer first = await TarantoolServer.StartAsync();
        await using TarantoolServer second = await TarantoolServer.StartAsync();
        using EndingCounter endings = new();
        TarantoolClientOptions options = endings.Observe(first.Options);
        options.EndPoints = [first.EndPoint, second.EndPoint];
        options.ReconnectMaxDelay = options.ReconnectMinDelay;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        long handshakes = endings.Ended;
        int submitted = 0,
            answered = 0,
            lost = 0;
        using CancellationTokenSource stop = new();
        Task[] load =
        [
            .. Enumerable
                .Range(0, 16)
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
        TarantoolServer[] servers = [first, second];
        for (int round = 0; round < 6; round++)
        {
            TarantoolServer used = servers[round % 2],
                other = servers[1 - round % 2];
            int before = Volatile.Read(ref answered);
            await Limits.Until(() => Volatile.Read(ref answered) > before + 100, "requests are answered");
            Assert.That(client.Server!.EndPoint, Is.EqualTo(used.EndPoint));
            await used.KillAsync();
            await Limits.Until(
                () =>
                    Equals(client.Server!.EndPoint, other.EndPoint)
                    && client.State == TarantoolConnectionState.Connected,
                "the other server is used"
            );
            await used.RunAsync();
        }

        await stop.CancelAsync();
        foreach (Task task in load)
            await task.InTime();
        Assert.That(answered + lost, Is.EqualTo(submitted), "each request ended once");
        Assert.That(endings.InFlight, Is.Zero);
        Assert.That(endings.Ended, Is.GreaterThanOrEqualTo(handshakes + answered));
    }

    private static TarantoolClientOptions Options(params EndPoint[] endPoints) =>
        new() { EndPoints = endPoints, MaxBacklog = 0 };

    private static Task<TarantoolConnectionException> NotConnectedAsync(TarantoolClient client) =>
        client.PingAsync().AsTask().Fails<TarantoolConnectionException>();

    private static async Task UntilLostAsync(
        FakeServer.Session session,
        string name,
        ConcurrentQueue<string> order,
        SemaphoreSlim lose
    )
    {
        order.Enqueue(name);
        await session.HandshakeAsync();
        await lose.WaitAsync(Limits.Wait);
    }

    private static async Task AnswerAsync(FakeServer.Session session)
    {
        await session.HandshakeAsync();
        FakeServer.Request ping = await session.ReadAsync();
        await session.SendAsync(Frames.Done(ping.Sync));
        await session.HangAsync();
    }

    private static async Task RefuseAsync(FakeServer.Session session)
    {
        await session.HandshakeAsync();
        FakeServer.Request auth = await session.ReadAsync();
        Assert.That(auth.Type, Is.EqualTo(RequestType.Auth));
        await session.SendAsync(Frames.Error(auth.Sync, TarantoolErrorCodes.PasswordMismatch, "the password is wrong"));
        await session.HangAsync();
    }
}
