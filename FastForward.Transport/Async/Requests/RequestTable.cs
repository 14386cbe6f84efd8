using System.Collections.Concurrent;

namespace FastForward.Transport.Async.Requests;

/// <summary>
/// The requests under way, found by the stream of their reply, and a gate per node that limits how many there are.
/// Thread-safe.
/// </summary>
internal sealed class RequestTable(int limitPerNode)
{
    private readonly ConcurrentDictionary<(uint Node, ulong ReplyStream), PendingRequest> _requests = new();
    private readonly Dictionary<uint, Gate> _gates = [];
    private long _lateReplies;

    public int Count => _requests.Count;

    /// <summary>Gates in use: those of nodes with requests. For tests.</summary>
    public int GateCount
    {
        get
        {
            lock (_gates)
                return _gates.Count;
        }
    }

    public long LateReplies => Volatile.Read(ref _lateReplies);

    /// <summary>
    /// Waits until another request to a node may begin. The caller disposes of the place when it has ended.
    /// </summary>
    public async ValueTask<Place> EnterAsync(uint node, CancellationToken cancellationToken)
    {
        Gate? gate;
        lock (_gates)
        {
            if (!_gates.TryGetValue(node, out gate))
                _gates.Add(node, gate = new Gate(limitPerNode));
            gate.Users++;
        }

        try
        {
            await gate.Places.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Leave(node, gate);
            throw;
        }

        return new Place(this, node, gate);
    }

    public void Add(PendingRequest request) => _requests.TryAdd((request.Node, request.ReplyStream), request);

    public void Remove(PendingRequest request) => _requests.TryRemove((request.Node, request.ReplyStream), out _);

    public PendingRequest? Find(uint node, ulong replyStream) =>
        _requests.IsEmpty ? null : _requests.GetValueOrDefault((node, replyStream));

    /// <summary>A reply came that no request waits for. On the loop thread.</summary>
    public void CountLateReply() => _lateReplies++;

    /// <summary>
    /// The association with a node is over: what was sent to it has no reply. Requests that were not sent yet go to the
    /// next association.
    /// </summary>
    public void FailSent(uint node, UndeliveredReason reason)
    {
        foreach (PendingRequest request in _requests.Values)
        {
            if (request.Node == node && request.IsSent)
                request.Fail(new ForwardUndeliveredException(node, reason));
        }
    }

    /// <summary>The client ended.</summary>
    public void FailAll()
    {
        foreach (PendingRequest request in _requests.Values)
            request.Fail(Stopped(request));
    }

    public static ForwardException Stopped(PendingRequest request) =>
        request.IsSent
            ? new ForwardUndeliveredException(request.Node, UndeliveredReason.Stopped)
            : new ForwardSendException(request.Node, SendStatus.Stopping);

    private void Leave(uint node, Gate gate)
    {
        lock (_gates)
        {
            if (--gate.Users > 0)
                return;
            _gates.Remove(node);
        }

        gate.Places.Dispose();
    }

    /// <summary>The right to have one request under way.</summary>
    public readonly struct Place(RequestTable table, uint node, Gate gate) : IDisposable
    {
        public void Dispose()
        {
            gate.Places.Release();
            table.Leave(node, gate);
        }
    }

    /// <summary>Counts the requests to one node.</summary>
    public sealed class Gate(int limit)
    {
        public SemaphoreSlim Places { get; } = new(limit, limit);

        /// <summary>Requests that wait for a place or have one. Guarded by the lock of the table.</summary>
        public int Users { get; set; }
    }
}
