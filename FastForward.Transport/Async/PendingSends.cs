using System.Collections.Concurrent;

namespace FastForward.Transport.Async;

/// <summary>
/// Transfers sends from any thread to the loop thread, and keeps those that are back-pressured, in order per stream,
/// until the stream is writable. Bounded: above the limit a send completes at once with
/// <see cref="SendStatus.BackPressured"/>.
/// </summary>
internal sealed class PendingSends(int limit, Action schedule)
{
    private readonly ConcurrentQueue<SendOperation> _arrived = new();
    private readonly ConcurrentQueue<SendOperation> _cancelled = new();
    private readonly ConcurrentQueue<SendOperation> _free = new();
    private readonly Dictionary<(uint Node, ulong Stream), WaitingSends> _waiting = [];
    private readonly Stack<WaitingSends> _spare = [];
    private int _count;
    private int _countOfScopes;
    private volatile bool _isClosed;

    /// <summary>Pending sends, waiting ones included.</summary>
    public int Count => Volatile.Read(ref _count) + Volatile.Read(ref _countOfScopes);

    /// <summary>Begins a send. Thread-safe.</summary>
    public ValueTask<SendResult> Begin(
        uint node,
        ulong stream,
        MessageClass messageClass,
        ReadOnlyMemory<byte> payload,
        SendOptions options,
        bool isEndOnly,
        ISendScope? scope,
        long? realTimeBudget,
        CancellationToken cancellationToken
    )
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<SendResult>(cancellationToken);
        ref int count = ref CountOf(scope);
        if (Interlocked.Increment(ref count) > limit && scope is null)
        {
            Interlocked.Decrement(ref count);
            return new ValueTask<SendResult>(new SendResult(SendStatus.BackPressured, 0));
        }

        if (_isClosed)
        {
            Interlocked.Decrement(ref count);
            return new ValueTask<SendResult>(new SendResult(SendStatus.Stopping, 0));
        }

        if (!_free.TryDequeue(out SendOperation? operation))
            operation = new SendOperation(this);
        ValueTask<SendResult> result = operation.Begin(
            node,
            stream,
            messageClass,
            payload,
            options,
            isEndOnly,
            scope,
            realTimeBudget,
            cancellationToken
        );
        _arrived.Enqueue(operation);
        if (_isClosed)
            operation.Fail(SendStatus.Stopping); // closed in between: the loop may not read the queue any more
        schedule();
        return result;
    }

    /// <summary>Frees the place of a cancelled send. Thread-safe.</summary>
    public void Cancelled(SendOperation operation)
    {
        _cancelled.Enqueue(operation);
        schedule();
    }

    public void Recycle(SendOperation operation)
    {
        if (_free.Count < limit)
            _free.Enqueue(operation);
    }

    /// <summary>Processes what has arrived, on the loop thread.</summary>
    public void Run(ForwardNode node)
    {
        while (_arrived.TryDequeue(out SendOperation? operation))
        {
            if (_isClosed)
            {
                operation.Fail(SendStatus.Stopping);
                Done(operation);
                continue;
            }

            // Cancelled before it got here: it takes no place in a queue.
            if (operation.IsDecided)
            {
                Done(operation);
                continue;
            }

            // Behind those that wait: a stream keeps the order of the calls.
            if (_waiting.Count > 0 && _waiting.TryGetValue((operation.Node, operation.Stream), out WaitingSends? queue))
                queue.Add(operation);
            else if (operation.TrySend(node))
                Done(operation);
            else
                Wait(operation);
        }

        while (_cancelled.TryDequeue(out SendOperation? operation))
        {
            if (operation.Queue is { } queue)
            {
                bool wasFirst = ReferenceEquals(queue.First, operation);
                queue.Remove(operation);
                Done(operation);
                // The next one may need less room.
                if (wasFirst)
                    Retry(node, queue);
            }

            operation.Release();
        }
    }

    /// <summary>A stream accepts messages again.</summary>
    public void OnWritable(ForwardNode node, uint peer, ulong stream)
    {
        if (_waiting.TryGetValue((peer, stream), out WaitingSends? queue))
            Retry(node, queue);
    }

    /// <summary>Completes the sends that wait on a stream.</summary>
    public void Fail(uint peer, ulong stream, SendStatus status)
    {
        if (!_waiting.Remove((peer, stream), out WaitingSends? queue))
            return;
        while (queue.First is { } operation)
        {
            queue.Remove(operation);
            operation.Fail(status);
            Done(operation);
        }

        _spare.Push(queue);
    }

    /// <summary>
    /// Completes all sends, present and future, with <see cref="SendStatus.Stopping"/>. On the loop thread, or after
    /// its end.
    /// </summary>
    public void Close(ForwardNode node)
    {
        _isClosed = true;
        Run(node);
        foreach ((uint peer, ulong stream) in _waiting.Keys.ToArray())
            Fail(peer, stream, SendStatus.Stopping);
    }

    private ref int CountOf(ISendScope? scope) => ref scope is null ? ref _count : ref _countOfScopes;

    private void Wait(SendOperation operation)
    {
        if (!_spare.TryPop(out WaitingSends? queue))
            queue = new WaitingSends();
        queue.Node = operation.Node;
        queue.Stream = operation.Stream;
        _waiting.Add((operation.Node, operation.Stream), queue);
        queue.Add(operation);
    }

    private void Retry(ForwardNode node, WaitingSends queue)
    {
        while (queue.First is { } operation)
        {
            if (!operation.TrySend(node))
                return;
            queue.Remove(operation);
            Done(operation);
        }

        if (_waiting.Remove((queue.Node, queue.Stream)))
            _spare.Push(queue);
    }

    private void Done(SendOperation operation)
    {
        Interlocked.Decrement(ref CountOf(operation.Scope));
        operation.Release();
    }
}
