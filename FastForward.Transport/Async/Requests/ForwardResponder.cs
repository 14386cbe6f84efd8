using System.Collections.Concurrent;
using FastForward.Transport.Logging;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport;

/// <summary>Answers the requests to one service. Made by <see cref="ForwardClient.Respond"/>. Thread-safe.</summary>
public sealed partial class ForwardResponder : IAsyncDisposable
{
    private readonly ForwardClient _client;
    private readonly ForwardRequestHandler _handler;
    private readonly int _limit;
    private readonly SemaphoreSlim _places;
    private readonly ConcurrentDictionary<ForwardMessage, Running> _running = new();
    private readonly ConcurrentDictionary<uint, int> _losses = new(); // bounded by the number of routes
    private readonly Task _serving;
    private readonly Lock _failureLock = new();
    private LogGate _failureGate; // guarded by the lock
    private long _failures;
    private long _lostReplies;
    private volatile bool _isStopping;

    internal ForwardResponder(ForwardClient client, ServiceId service, ForwardRequestHandler handler, int limit)
    {
        _client = client;
        _handler = handler;
        _limit = limit;
        _places = new SemaphoreSlim(limit, limit);
        Service = service;
        Receiver = new ForwardReceiver(client, service, realTimeCapacity: 1);
        _serving = Task.Run(ServeAsync);
    }

    /// <summary>The service.</summary>
    internal ServiceId Service { get; }

    /// <summary>Requests that wait to be handled.</summary>
    public int WaitingRequests => Receiver.Count;

    /// <summary>Requests that are being handled.</summary>
    public int RunningRequests => _running.Count;

    /// <summary>Requests whose handler failed: it threw, or its reply was too large.</summary>
    public long FailedRequests => Volatile.Read(ref _failures);

    /// <summary>
    /// Replies that were not sent, because the asking node is lost or this one stops. Requests that were still waiting
    /// for their turn when their node was lost count as well; they are not handled.
    /// </summary>
    public long LostReplies => Volatile.Read(ref _lostReplies);

    internal ForwardReceiver Receiver { get; }

    /// <summary>
    /// Takes no more requests: those that wait are refused, those that are being handled are cancelled. The task ends
    /// when all handlers have ended, so it must not be awaited by one of them.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (!_isStopping)
        {
            _isStopping = true;
            _client.Remove(this);
            CancelRunning(node: null);
        }

        await _serving.ConfigureAwait(false);
    }

    /// <summary>The client ends: on the loop thread or after its end.</summary>
    internal void Close()
    {
        _isStopping = true;
        CancelRunning(node: null);
        Receiver.Close();
    }

    /// <summary>
    /// The association with a node has ended: its requests are cancelled, and those that wait are dropped. On the loop
    /// thread.
    /// </summary>
    internal void OnPeerLost(uint node)
    {
        _losses.AddOrUpdate(node, 1, static (_, losses) => losses + 1); // before the look at the running requests
        CancelRunning(node);
    }

    /// <summary>How many associations with a node have ended: it tells which of them a request came from.</summary>
    internal int LossesOf(uint node) => _losses.GetValueOrDefault(node);

    private void CancelRunning(uint? node)
    {
        foreach (Running running in _running.Values)
        {
            // CancelAsync, since user code that waits for the token must not run on the loop thread.
            if (node is null || running.Node == node)
                _ = running.Cancel.CancelAsync();
        }
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            await _places.WaitAsync().ConfigureAwait(false);
            if (await Receiver.NextAsync(CancellationToken.None).ConfigureAwait(false) is not { } message)
                break;
            _ = Task.Run(() => HandleAsync(message));
        }

        // One place was taken without a request; all others come back when the handlers have ended.
        for (int i = 1; i < _limit; i++)
            await _places.WaitAsync().ConfigureAwait(false);
        _places.Dispose();
    }

    private async Task HandleAsync(ForwardMessage message)
    {
        // Without a timer or a link to another token it holds nothing that has to be disposed of.
        CancellationTokenSource cancel = new();
        _running.TryAdd(message, new Running(message.Node, cancel));
        try
        {
            // Checked after the request can be found: a loss that is not seen here cancels it.
            if (message.PeerLosses != LossesOf(message.Node))
            {
                Interlocked.Increment(ref _lostReplies);
                return;
            }

            uint code = ForwardRefusedException.NotServed;
            ReadOnlyMemory<byte>? reply = null;
            if (!_isStopping)
                (reply, code) = await CallAsync(new ForwardRequest(message), cancel.Token).ConfigureAwait(false);
            if (reply is { } payload)
            {
                SendStatus status = await _client.ReplyAsync(message, payload).ConfigureAwait(false);
                if (status != SendStatus.TooLarge)
                {
                    Count(status);
                    return;
                }

                Fail(new InvalidOperationException($"The reply has {payload.Length} bytes; the limit is 64 KiB."));
                code = ForwardRefusedException.Failed;
            }

            Count(await _client.RefuseAsync(message, code).ConfigureAwait(false));
        }
        finally
        {
            _running.TryRemove(message, out _);
            message.Dispose();
            _places.Release();
        }
    }

    private async ValueTask<(ReadOnlyMemory<byte>? Reply, uint Code)> CallAsync(
        ForwardRequest request,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return (await _handler(request, cancellationToken).ConfigureAwait(false), 0);
        }
        catch (ForwardRefusedException refusal) when (refusal.Node == 0) // else a request of the handler was refused
        {
            return (null, refusal.Code);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return (null, ForwardRefusedException.NotServed); // where the peer is lost, the refusal is not sent either
        }
#pragma warning disable CA1031 // The handler is the application's: its exceptions refuse this request only.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(exception);
            return (null, ForwardRefusedException.Failed);
        }
    }

    private void Count(SendStatus status)
    {
        if (status != SendStatus.Accepted)
            Interlocked.Increment(ref _lostReplies);
    }

    private void Fail(Exception exception)
    {
        Interlocked.Increment(ref _failures);
        long suppressed;
        lock (_failureLock)
        {
            if (!_failureGate.TryPass(Environment.TickCount64 * 1000, out suppressed))
                return;
        }

        LogFailed(_client.Logger, Service, suppressed, exception);
    }

    [LoggerMessage(
        EventId = 1700,
        Level = LogLevel.Error,
        Message = "The handler of requests to service {Service} failed, and the request was refused ({Suppressed} more "
            + "since the last of these entries)"
    )]
    private static partial void LogFailed(ILogger logger, ServiceId service, long suppressed, Exception exception);

    private sealed record Running(uint Node, CancellationTokenSource Cancel);
}
