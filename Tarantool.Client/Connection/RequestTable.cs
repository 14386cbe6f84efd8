using Tarantool.Client.Diagnostics;
using Tarantool.Client.Protocol;

namespace Tarantool.Client.Connection;

/// <summary>
/// The pending requests of one connection, by sync. Response, cancellation, timeout and loss of the connection compete
/// to remove a request; whichever succeeds completes it, outside the lock. Thread-safe.
/// </summary>
internal sealed class RequestTable : IDisposable
{
    private const int MaxSpare = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, PendingRequest> _requests = [];
    private readonly Stack<PendingRequest> _spare = new();
    private readonly TimeProvider _time;
    private readonly TarantoolMetrics _metrics;
    private readonly ITimer _timer;
    private long _nextSweep = long.MaxValue;
    private ulong _lastSync;
    private TaskCompletionSource? _drained; // set when no further requests are accepted
    private bool _isClosed;

    public RequestTable(TimeProvider time, TarantoolMetrics metrics)
    {
        _time = time;
        _metrics = metrics;
        _timer = Background.WithoutContext(() =>
            time.CreateTimer(
                static table => ((RequestTable)table!).Sweep(),
                this,
                Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan
            )
        );
    }

    /// <summary>Registers a request under a new sync.</summary>
    /// <returns>The request, or null if the connection is closed or being drained.</returns>
    public PendingRequest? Add(RequestType type, long deadline, IProgress<TarantoolValue>? push, out int inFlight)
    {
        PendingRequest? request;
        lock (_gate)
        {
            inFlight = _requests.Count;
            if (_isClosed || _drained is not null)
                return null;
            if (!_spare.TryPop(out request))
                request = new PendingRequest(this);
            request.Sync = ++_lastSync;
            request.Type = type;
            request.Started = _time.GetTimestamp();
            request.Deadline = deadline;

            // Counts as sent until known otherwise: MayHaveExecuted must never be false for an executed request.
            request.OutputPosition = 0;
            request.Push = push;
            _requests.Add(request.Sync, request);
            if (deadline < _nextSweep)
                ScheduleSweep(deadline);
        }

        _metrics.RequestStarted();
        return request;
    }

    /// <summary>Allocates a sync for a request that has no response.</summary>
    public ulong NextSync()
    {
        lock (_gate)
            return ++_lastSync;
    }

    /// <summary>Removes the request that a response belongs to; the caller must complete it.</summary>
    /// <returns>The request, or null if it has already completed.</returns>
    /// <exception cref="TarantoolProtocolException">No request ever had this sync.</exception>
    public PendingRequest? TryTake(ulong sync)
    {
        lock (_gate)
        {
            if (!_requests.Remove(sync, out PendingRequest? request))
                return WasIssued(sync);
            SignalIfDrained();
            return request;
        }
    }

    /// <summary>Removes a request if it has not completed; on true the caller must complete it.</summary>
    public bool TryTake(PendingRequest request)
    {
        lock (_gate)
        {
            if (!_requests.Remove(request.Sync))
                return false;
            SignalIfDrained();
            return true;
        }
    }

    /// <summary>Finds the receiver of a request's pushed messages; null if it has none or has completed.</summary>
    /// <exception cref="TarantoolProtocolException">No request ever had this sync.</exception>
    public IProgress<TarantoolValue>? FindPush(ulong sync)
    {
        lock (_gate)
            return (_requests.TryGetValue(sync, out PendingRequest? request) ? request : WasIssued(sync))?.Push;
    }

    /// <summary>Rejects new requests.</summary>
    /// <returns>Completes when none is pending any more.</returns>
    public Task Drain()
    {
        lock (_gate)
        {
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            SignalIfDrained();
            return _drained.Task;
        }
    }

    /// <summary>Rejects new requests and removes all pending ones; the caller must complete them.</summary>
    public PendingRequest[] Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            PendingRequest[] left = [.. _requests.Values];
            _requests.Clear();
            SignalIfDrained();
            return left;
        }
    }

    public void Ended(PendingRequest request, string? errorType, string? statusCode) =>
        _metrics.RequestEnded(request.Type, request.Started, errorType, statusCode);

    public void Recycle(PendingRequest request)
    {
        lock (_gate)
        {
            if (_spare.Count < MaxSpare && !_isClosed)
                _spare.Push(request);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void SignalIfDrained()
    {
        if (_requests.Count == 0)
            _drained?.TrySetResult();
    }

    private PendingRequest? WasIssued(ulong sync) =>
        sync != 0 && sync <= _lastSync
            ? null
            : throw new TarantoolProtocolException($"The server answered request {sync}, which was never sent.");

    private void Sweep()
    {
        List<PendingRequest>? expired = null;
        lock (_gate)
        {
            if (_isClosed)
                return;
            long now = _time.GetTimestamp();
            long next = long.MaxValue;
            foreach (PendingRequest request in _requests.Values)
            {
                if (request.Deadline <= now)
                    (expired ??= []).Add(request);
                else
                    next = Math.Min(next, request.Deadline);
            }

            foreach (PendingRequest request in expired ?? [])
                _requests.Remove(request.Sync);
            SignalIfDrained();
            ScheduleSweep(next);
        }

        foreach (PendingRequest request in expired ?? [])
            request.Fail(
                new TimeoutException(
                    $"The request ({request.Type}) was not answered within its timeout "
                        + $"({nameof(TarantoolClientOptions.RequestTimeout)} or "
                        + $"{nameof(CallOptions)}.{nameof(CallOptions.Timeout)}). "
                        + "It may still be executed; its response will be dropped."
                )
            );
    }

    private void ScheduleSweep(long deadline)
    {
        _nextSweep = deadline;
        if (deadline == long.MaxValue)
            return;

        // One millisecond is added because timers may fire early due to rounding.
        TimeSpan delay = _time.GetElapsedTime(_time.GetTimestamp(), deadline) + TimeSpan.FromMilliseconds(1);
        _timer.Change(delay < TimeSpan.Zero ? TimeSpan.Zero : delay, Timeout.InfiniteTimeSpan);
    }
}
