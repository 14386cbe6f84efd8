using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Tarantool.Client;
using Tarantool.Client.Connection;
using Tarantool.Client.Diagnostics;

namespace FastForward.Tests.Tarantool;

/// <summary>Log entries about conditions that repeat for hours.</summary>
internal sealed class ReportTests
{
    [Test]
    public void Reports_of_a_repeating_condition_come_at_doubling_intervals_up_to_an_hour()
    {
        FakeTimeProvider time = new();
        ReportLimit limit = new(time);
        List<(int Second, long More)> reports = [];
        for (int second = 0; second <= 4 * 3600; second++)
        {
            if (limit.MayReport(out long more))
                reports.Add((second, more));
            time.Advance(TimeSpan.FromSeconds(1));
        }

        int[] seconds = [0, 10, 30, 70, 150, 310, 630, 1270, 2550, 5110, 8710, 12310];
        Assert.That(reports.Select(report => report.Second), Is.EqualTo(seconds));
        Assert.That(
            reports.Skip(1).Select(report => report.More + 1),
            Is.EqualTo(seconds.Zip(seconds.Skip(1), (from, to) => to - from)),
            "none is left out of the counts"
        );

        time.Advance(TimeSpan.FromHours(1));
        Assert.That(limit.MayReport(out _), Is.True, "starts anew after a quiet hour");
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.That(limit.MayReport(out _), Is.True);
    }

    [Test]
    public async Task A_server_that_stays_away_for_hours_causes_few_entries_and_its_return_one()
    {
        FakeTimeProvider time = new();
        CollectingLogger<TarantoolClient> logger = new();
        await using FakeServer server = new(
            async session =>
            {
                await session.HandshakeAsync();
                await session.HangAsync();
            },
            IPAddress.Loopback
        );
        int attempts = 0;
        bool exists = false;
        TarantoolClientOptions options = new()
        {
            EndPoints = [new DnsEndPoint("db.example", ((IPEndPoint)server.EndPoint).Port)],
            TimeProvider = time,
            LoggerFactory = logger,
            Resolve = (_, _) =>
            {
                Interlocked.Increment(ref attempts);
                return Volatile.Read(ref exists)
                    ? Task.FromResult(new[] { IPAddress.Loopback })
                    : throw new SocketException((int)SocketError.HostNotFound);
            },
        };
        DateTimeOffset start = time.GetUtcNow();
        await using TarantoolClient client = TarantoolClient.Create(options);
        while (time.GetUtcNow() - start < TimeSpan.FromHours(1))
        {
            int before = Volatile.Read(ref attempts);
            await Limits.Until(
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(5));
                    return Volatile.Read(ref attempts) > before;
                },
                "the next attempt is made"
            );
        }

        Assert.That(attempts, Is.GreaterThan(100));
        Assert.That(logger.TextsOf(6002).Count(), Is.InRange(3, 10));
        Assert.That(logger.Entries.Select(entry => entry.Id), Has.All.EqualTo(6002));

        Volatile.Write(ref exists, true);
        await UntilAdvancedAsync(time, () => client.State == TarantoolConnectionState.Connected);
        await UntilAdvancedAsync(time, () => logger.TextsOf(6010).Any());
        Assert.That(logger.TextsOf(6000).Count(), Is.EqualTo(1), "the recovery is reported");
        Assert.That(
            logger.TextsOf(6010).Single(),
            Does.Match("0 connections, 0 losses and [1-9][0-9]* failed attempts")
        );
    }

    [Test]
    public async Task A_flapping_server_causes_few_entries_and_one_when_it_is_stable()
    {
        FakeTimeProvider time = new();
        CollectingLogger<TarantoolClient> logger = new();
        const int flaps = 300;
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            if (session.Number > flaps)
                await session.HangAsync();
            else if (session.Number % 2 == 0)
                await session.SendAsync([0xc1]);
        });
        TarantoolClientOptions options = server.Options;
        options.TimeProvider = time;
        options.LoggerFactory = logger;
        options.ConnectTimeout = TimeSpan.FromDays(1);
        await using TarantoolClient client = TarantoolClient.Create(options);
        await Limits.Until(
            () =>
            {
                // Only between connections, so that none seems to last.
                if (client.State == TarantoolConnectionState.Disconnected)
                    time.Advance(TimeSpan.FromSeconds(5));
                return server.Connections > flaps;
            },
            "the server does not drop connections any more"
        );
        await UntilAdvancedAsync(time, () => logger.TextsOf(6010).Any());
        Assert.That(logger.TextsOf(6001).Count(), Is.InRange(1, 20));
        Assert.That(logger.TextsOf(6000).Count(), Is.InRange(1, 20));
        Assert.That(logger.TextsOf(6010).Count(), Is.EqualTo(1));
        Assert.That(client.State, Is.EqualTo(TarantoolConnectionState.Connected));
    }

    [Test]
    public async Task A_handler_that_always_throws_is_reported_once()
    {
        CollectingLogger<TarantoolClient> logger = new();
        await using FakeServer server = new(session =>
            session.Number < 20 ? session.HandshakeAsync() : session.HangAsync()
        );
        TarantoolClientOptions options = server.Options;
        options.TimeProvider = new FakeTimeProvider();
        options.LoggerFactory = logger;
        using ClientContext context = new(options);
        Assert.That(context.FailedStateHandlers.MayReport(out _), Is.True);
        Assert.That(context.FailedStateHandlers.MayReport(out _), Is.False);
        await using TarantoolClient client = TarantoolClient.Create(options);
        client.StateChanged += (_, _) => throw new InvalidOperationException("a handler that fails");
        FakeTimeProvider time = (FakeTimeProvider)options.TimeProvider;
        await Limits.Until(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(10));
                return server.Connections > 2;
            },
            "connected again"
        );
        Assert.That(logger.TextsOf(6004).Count(), Is.EqualTo(1));
    }

    private static Task UntilAdvancedAsync(FakeTimeProvider time, Func<bool> condition) =>
        Limits.Until(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(5));
                return condition();
            },
            "reached while the clock runs"
        );
}
