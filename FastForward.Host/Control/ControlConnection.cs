using System.Net.Sockets;
using System.Text.Json;
using FastForward.Host.Running;
using FastForward.Transport;
using FastForward.Transport.Registry.Tarantool;

namespace FastForward.Host.Control;

/// <summary>
/// One client of the control socket: reads its request, writes the answer, and limits the time for both. Accesses the
/// node through <c>ForwardLoop.Post</c> only.
/// </summary>
/// <param name="socket">The connection, which it owns.</param>
/// <param name="running">The node.</param>
/// <param name="tryBeginPing">Takes a place for a series of probes, if one is left.</param>
internal sealed class ControlConnection(Socket socket, RunningNode running, Func<ControlConnection, bool> tryBeginPing)
    : IDisposable
{
    public const int LongestRequest = 4096;

    /// <summary>
    /// The time limit for a client to send its request or to read a line, and for the loop to answer.
    /// </summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    // A loop that completes no cycle in this time is unhealthy.
    private static readonly TimeSpan s_healthLimit = TimeSpan.FromSeconds(2);

    private const byte Newline = (byte)'\n';

    private volatile bool _hasAsked;

    /// <summary>Whether its request was received.</summary>
    public bool HasAsked => _hasAsked;

    /// <summary>Whether it has one of the places for series of probes; guarded by the owner.</summary>
    public bool IsPinging { get; set; }

    /// <summary>Serves the client until its answer is written, it disconnects or a time limit expires.</summary>
    public async Task ServeAsync(CancellationToken stop)
    {
        try
        {
            byte[] line = await ReadLineAsync(stop).ConfigureAwait(false);
            if (line.Length == 0)
                return;
            _hasAsked = true;
            if (!TryUnderstand(line, out ControlRequest? request, out ControlError? error))
                await WriteAsync(new ControlAnswer { Error = error }, stop).ConfigureAwait(false);
            else if (!running.IsStarted)
                await WriteAsync(NotStarted(request), stop).ConfigureAwait(false);
            else if (request.Command == "stat")
                await StatAsync(stop).ConfigureAwait(false);
            else if (request.Command == "health")
                await HealthAsync(stop).ConfigureAwait(false);
            else if (request.Command == "accept")
                await WriteAsync(Accept(request), stop).ConfigureAwait(false);
            else if (tryBeginPing(this))
                await PingAsync(request, stop).ConfigureAwait(false);
            else
                await WriteAsync(new ControlAnswer { Error = ControlError.BusyPinging }, stop).ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The client has disconnected or was too slow, or the host stops.
        }
        finally
        {
            socket.Dispose();
        }
    }

    /// <summary>Sends the reason for a refusal, without waiting for the client, and disconnects.</summary>
    public void Refuse(ControlError error)
    {
        try
        {
            socket.Blocking = false;
            socket.Send(Encode(new ControlAnswer { Error = error }));
        }
        catch (SocketException)
        {
            // The client has disconnected.
        }

        socket.Dispose();
    }

    /// <summary>Disconnects at once.</summary>
    public void Dispose() => socket.Dispose();

    /// <summary>Reads a request.</summary>
    /// <returns>Whether it is one that this host answers; otherwise there is an error.</returns>
    public static bool TryUnderstand(byte[] line, out ControlRequest request, out ControlError? error)
    {
        request = new ControlRequest();
        try
        {
            request = JsonSerializer.Deserialize(line, ControlJson.Default.ControlRequest) ?? request;
            error = FindProblem(request) is { } problem ? new ControlError(ControlError.BadRequest, problem) : null;
        }
        catch (JsonException exception)
        {
            error = new ControlError(
                ControlError.BadRequest,
                $"the request is no JSON object of this protocol: {exception.Message}"
            );
        }

        return error is null;
    }

    private static string? FindProblem(ControlRequest request)
    {
        if (request.Version != 1)
            return $"version: {request.Version} is not supported; this host has 1";
        if (request.Command is "stat" or "health" or "accept")
            return null;
        if (request.Command != "ping")
            return $"command: '{request.Command}' is none of stat, health, ping, accept";
        if (request.Node == 0)
            return "node: 0 or absent, which is no node id";
        if (request.Count < 0)
            return $"count: {request.Count} is below 0";
        if (request.IntervalMillis is < 10 or > 60_000)
            return $"intervalMillis: {request.IntervalMillis} is outside 10..60000";
        if (request.TimeoutMillis is < 10 or > 60_000)
            return $"timeoutMillis: {request.TimeoutMillis} is outside 10..60000";
        return request.Size is < 0 or > MessageLimits.MaxRealTimeBytes
            ? $"size: {request.Size} is outside 0..{MessageLimits.MaxRealTimeBytes}"
            : null;
    }

    private ControlAnswer NotStarted(ControlRequest request)
    {
        ControlError error = ControlError.NotStarted(running.Settings.Network);
        return request.Command == "health"
            ? new ControlAnswer { Health = new HealthReport("unhealthy", [error.Message], []) }
            : new ControlAnswer { Error = error };
    }

    private async Task StatAsync(CancellationToken stop)
    {
        ControlAnswer answer;
        try
        {
            answer = new ControlAnswer { Stat = await ReportMaker.MakeAsync(running, stop).ConfigureAwait(false) };
        }
        catch (TimeoutException)
        {
            answer = new ControlAnswer { Error = ControlError.LoopStalled };
        }

        await WriteAsync(answer, stop).ConfigureAwait(false);
    }

    private async Task HealthAsync(CancellationToken stop)
    {
        NodeHealth health = await running.Node.CheckHealthAsync(s_healthLimit, stop).ConfigureAwait(false);
        string[] registries =
        [
            .. running.Registries.Select(static registry => registry.Status.Problem).OfType<string>(),
        ];
        NodeHealthStatus status =
            registries.Length > 0 && health.Status == NodeHealthStatus.Healthy
                ? NodeHealthStatus.Degraded
                : health.Status;
        HealthReport report = new(
            status.ToString().ToLowerInvariant(),
            [.. health.Problems, .. registries],
            health.AbsentPeers
        );
        await WriteAsync(new ControlAnswer { Health = report }, stop).ConfigureAwait(false);
    }

    private ControlAnswer Accept(ControlRequest request)
    {
        TarantoolRegistry[] asked =
        [
            .. running.Registries.Where(registry => request.Registry is null || registry.Name == request.Registry),
        ];
        if (asked.Length == 0)
        {
            string names = string.Join(", ", running.Registries.Select(static registry => registry.Name));
            return new ControlAnswer
            {
                Error = new ControlError(
                    ControlError.BadRequest,
                    names.Length == 0
                        ? "this node follows no registry"
                        : $"registry: '{request.Registry}' is none of {names}"
                ),
            };
        }

        return new ControlAnswer
        {
            Accepted =
            [
                .. asked.Select(static registry => new AcceptedReport(
                    registry.Name,
                    registry.Accept(),
                    RegistryReports.Report(registry.Status)
                )),
            ],
        };
    }

    private async Task PingAsync(ControlRequest request, CancellationToken stop)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        PingRun run = new(running.Loop, running.Node, request);
        Task asking = run.AskAsync(ended.Token);
        try
        {
            await foreach (ControlAnswer answer in run.Answers.ReadAllAsync(stop).ConfigureAwait(false))
                await WriteAsync(answer, stop).ConfigureAwait(false);
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await asking.ConfigureAwait(false);
        }
    }

    // Empty when the client disconnected without a request, or the request was too long.
    private async Task<byte[]> ReadLineAsync(CancellationToken stop)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Timeout);
        byte[] buffer = new byte[LongestRequest];
        int length = 0;
        while (length < buffer.Length)
        {
            int count = await socket.ReceiveAsync(buffer.AsMemory(length), limit.Token).ConfigureAwait(false);
            if (count == 0)
                return buffer[..length]; // the client closed its half: the request is complete without a newline
            int end = Array.IndexOf(buffer, Newline, length, count);
            length += count;
            if (end >= 0)
                return buffer[..(end + 1)];
        }

        await WriteAsync(
                new ControlAnswer
                {
                    Error = new ControlError(
                        ControlError.BadRequest,
                        $"the request is longer than {LongestRequest} bytes"
                    ),
                },
                stop
            )
            .ConfigureAwait(false);
        return [];
    }

    private async Task WriteAsync(ControlAnswer answer, CancellationToken stop)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Timeout);
        ReadOnlyMemory<byte> left = Encode(answer);
        while (left.Length > 0)
            left = left[await socket.SendAsync(left, limit.Token).ConfigureAwait(false)..];
    }

    private byte[] Encode(ControlAnswer answer) =>
        [
            .. JsonSerializer.SerializeToUtf8Bytes(
                answer with
                {
                    Node = running.Settings.Network,
                },
                ControlJson.Default.ControlAnswer
            ),
            Newline,
        ];
}
