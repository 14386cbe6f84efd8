using FastForward.Tests.Tarantool;
using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;
using Tarantool.Client;
using Tarantool.Client.Protocol;

namespace FastForward.Tests.Registry.Tarantool;

/// <summary>A server that announces changes to watchers, as Tarantool does since 2.10: a scripted one.</summary>
internal sealed class AnnouncedChangesTests
{
    private const string Key = "fastforward.registry";

    private readonly Lock _gate = new();
    private int _rows;
    private int _calls;
    private string? _fault;

    [Test]
    public async Task An_event_brings_the_rows_and_no_request_waits_at_the_server()
    {
        TaskCompletionSource<Func<Task>> announcing = new();
        await using FakeServer server = new(session => ServeAsync(session, announcing));
        await using TarantoolRegistry registry = new(
            new TarantoolRegistryOptions { Servers = [$"unix/:{server.EndPoint}"], WaitTime = TimeSpan.FromSeconds(60) }
        );
        registry.Start();
        await registry.WaitAsync().InTime();
        Func<Task> announce = await announcing.Task.InTime();
        Assert.That(registry.Status.Servers.Single().Notice, Is.EqualTo(RegistryNotice.Watch));
        for (int i = 1; i <= 5; i++)
        {
            lock (_gate)
                _rows = i;
            await announce();
            int expected = i;
            await Limits.Until(() => registry.Sources[0].Rows.Count == expected, $"{i} rows");
        }

        lock (_gate)
        {
            Assert.That(_fault, Is.Null);
            Assert.That(_calls, Is.LessThanOrEqualTo(8), "one for each event, and some at the beginning");
        }
    }

    private async Task ServeAsync(FakeServer.Session session, TaskCompletionSource<Func<Task>> announcing)
    {
        await session.HandshakeAsync();
        while (true)
        {
            FakeServer.Request request = await session.ReadAsync();
            if (request.Type == RequestType.Watch)
            {
                string key = request.Body[(int)IprotoKey.EventKey].AsString();
                if (key != Key || announcing.Task.IsCompleted)
                    continue; // acknowledgements, and keys of the client itself
                await session.SendAsync(Frames.Event(Key, TarantoolValue.Nil));
                announcing.SetResult(() => session.SendAsync(Frames.Event(Key, "changed")));
                continue;
            }

            if (request.Type != RequestType.Call)
                continue;
            TarantoolTuple arguments = request.Body[(int)IprotoKey.Tuple].AsArray();
            byte[] answer;
            lock (_gate)
            {
                _calls++;
                if (arguments[1].AsDouble() != 0)
                    _fault = $"a call waits for {arguments[1]} s";
                answer = Frames.Ok(request.Sync, Answer(_rows));
            }

            await session.SendAsync(answer);
        }
    }

    private static TarantoolValue Answer(int rows) =>
        Frames.Map(
            ("format", 1),
            ("registry", "00000000-0000-0000-0000-000000000001"),
            ("instance", "00000000-0000-0000-0000-000000000002"),
            ("vclock", TarantoolTuple.Create(TarantoolTuple.Create(1, 10 + rows))),
            ("read_only", false),
            ("version", $"boot:{rows}"),
            ("complete", true),
            (
                nameof(RouteTable.OverriddenNodes),
                TarantoolTuple.Create([
                    .. Enumerable
                        .Range(1, rows)
                        .Select(node =>
                            (TarantoolValue)TarantoolTuple.Create(node, 0, (int)TransportKind.Socket, "", 9)
                        ),
                ])
            ),
            (nameof(RouteTable.Nodes), TarantoolTuple.Empty)
        );
}
