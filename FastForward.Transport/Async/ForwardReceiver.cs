using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using FastForward.Transport.Async;

namespace FastForward.Transport;

/// <summary>
/// The messages of one service, for code on any thread: <c>await foreach (ForwardMessage message in
/// receiver.ReadAllAsync())</c>. Made by <see cref="ForwardClient.Receive"/>.
/// </summary>
/// <remarks>
/// <para>Messages wait here until they are read. A reliable message holds its credit meanwhile, so a slow reader slows
/// down the senders: a stream keeps at most 256 KiB here and a peer at most
/// <see cref="ForwardNodeOptions.ReceiveWindowBytes"/>. A peer that restarts may exceed that by 1 MiB; after that its
/// streams are refused until something was read. Of real-time messages the newest
/// <see cref="ForwardClientOptions.RealTimeCapacity"/> are kept.</para>
/// <para>One reader at a time. Another enumeration continues where the last one ended; while no one reads, the senders
/// wait. Dispose of the receiver to drop the rest.</para>
/// </remarks>
public sealed class ForwardReceiver : IDisposable
{
    private readonly ForwardClient _client;
    private readonly int _realTimeCapacity;
    private readonly ConcurrentQueue<MessageSlot> _reliable = new();
    private readonly ConcurrentQueue<MessageSlot> _realTime = new();
    private readonly ReadySignal _ready = new();
    private MessageSlot? _nextReliable; // dequeued by the reader to compare their age: TryPeek would keep the
    private MessageSlot? _nextRealTime; // ConcurrentQueue from reusing its memory
    private int _realTimeCount;
    private int _reliableCount;
    private long _dropped;
    private long _droppedSinceRead;
    private long _order;
    private int _isReading;
    private volatile bool _isClosed;
    private int _isDisposed;

    internal ForwardReceiver(ForwardClient client, ServiceId service, int realTimeCapacity)
    {
        _client = client;
        _realTimeCapacity = realTimeCapacity;
        Service = service;
    }

    /// <summary>The service.</summary>
    internal ServiceId Service { get; }

    private bool IsDisposed => Volatile.Read(ref _isDisposed) == 1;

    /// <summary>Messages that wait to be read.</summary>
    public int Count => Volatile.Read(ref _reliableCount) + Volatile.Read(ref _realTimeCount);

    /// <summary>Real-time messages that were dropped because they were not read soon enough.</summary>
    public long DroppedMessages => Volatile.Read(ref _dropped);

    /// <summary>
    /// Reads messages until the receiver is disposed of, the client ends, or the token is cancelled. Each message is
    /// valid until the next one is read.
    /// </summary>
    /// <param name="cancellationToken">
    /// Ends the enumeration with <see cref="OperationCanceledException"/>; no message is lost by that.
    /// </param>
    /// <exception cref="InvalidOperationException">Another enumeration is under way.</exception>
    public async IAsyncEnumerable<ForwardMessage> ReadAllAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        if (IsDisposed)
            yield break;
        if (Interlocked.Exchange(ref _isReading, 1) == 1)
            throw new InvalidOperationException(
                $"Service {Service} is being read already: a receiver has one reader at a time."
            );
        ForwardMessage message = default;
        try
        {
            while (await NextAsync(cancellationToken).ConfigureAwait(false) is { } next)
            {
                message = next;
                yield return message;
                message.Dispose();
            }
        }
        finally
        {
            message.Dispose();
            Interlocked.Exchange(ref _isReading, 0);
            DrainIfDisposed();
        }
    }

    /// <summary>
    /// Stops receiving: messages that wait are dropped, their senders get the credit back, and further reliable
    /// messages to the service are refused (<see cref="ForwardNode.RefuseStream"/>). Thread-safe.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            _client.Remove(this);
    }

    /// <summary>
    /// Waits for the next message, which the caller disposes of. One reader at a time; it does not exclude an
    /// enumeration.
    /// </summary>
    /// <returns>Null when no message follows.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<ForwardMessage?> NextAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (true)
        {
            bool isOver = _isClosed; // read first: messages from before the end are delivered
            if (IsDisposed)
                return null;
            if (TryTake(out ForwardMessage message))
                return message;
            if (isOver)
                return null;
            await _ready.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Adds a message, on the loop thread.</summary>
    internal void Add(MessageSlot slot)
    {
        slot.Order = _order++;
        if (slot.Class == MessageClass.Reliable)
        {
            Interlocked.Increment(ref _reliableCount);
            _reliable.Enqueue(slot);
        }
        else
        {
            _realTime.Enqueue(slot);
            if (Interlocked.Increment(ref _realTimeCount) > _realTimeCapacity)
                DropOldest();
        }

        _ready.Raise();
    }

    /// <summary>
    /// No message follows; those that wait are still read, unless the receiver was disposed of. On the loop thread, or
    /// after its end.
    /// </summary>
    internal void Close()
    {
        _isClosed = true;
        _ready.Raise();
        DrainIfDisposed();
    }

    private void DrainIfDisposed()
    {
        // A concurrent reader, or another thread in this method, drains when it ends: so check again after each pass.
        while (IsDisposed && Count > 0 && Interlocked.Exchange(ref _isReading, 1) == 0)
        {
            while (TryTake(out ForwardMessage message))
                message.Dispose();
            Interlocked.Exchange(ref _isReading, 0);
        }
    }

    private void DropOldest()
    {
        if (!_realTime.TryDequeue(out MessageSlot? oldest))
            return; // the reader took it
        Interlocked.Decrement(ref _realTimeCount);
        Interlocked.Increment(ref _dropped);
        Interlocked.Increment(ref _droppedSinceRead);
        oldest.Return(oldest.Version);
    }

    // Each queue is in order, and a stream is in one of them: merged by age they give the order of arrival.
    private bool TryTake(out ForwardMessage message)
    {
        if (_nextReliable is null)
            _reliable.TryDequeue(out _nextReliable);
        if (_nextRealTime is null && _realTime.TryDequeue(out _nextRealTime))
            _nextRealTime.DroppedBefore = Interlocked.Exchange(ref _droppedSinceRead, 0);
        // A reliable message that came before this real-time one may have been added after the first look.
        if (_nextReliable is null && _nextRealTime is not null)
            _reliable.TryDequeue(out _nextReliable);
        if (_nextRealTime is { } realTime && (_nextReliable is null || realTime.Order < _nextReliable.Order))
        {
            Interlocked.Decrement(ref _realTimeCount);
            _nextRealTime = null;
            message = new ForwardMessage(realTime);
            return true;
        }

        if (_nextReliable is { } reliable)
        {
            Interlocked.Decrement(ref _reliableCount);
            _nextReliable = null;
            message = new ForwardMessage(reliable);
            return true;
        }

        message = default;
        return false;
    }
}
