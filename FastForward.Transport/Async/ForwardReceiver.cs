using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using FastForward.Transport.Async;

namespace FastForward.Transport;

/// <summary>
/// The messages of one service, for code on any thread: <c>await foreach (ForwardMessage message in
/// receiver.ReadAllAsync())</c>. Made by <see cref="ForwardClient.Receive"/>.
/// </summary>
/// <remarks>
/// <para>Messages wait here until they are read. A reliable message holds its credit meanwhile, so a slow reader makes the
/// senders wait: a stream keeps at most 256 KiB here and a peer at most
/// <see cref="ForwardNodeOptions.ReceiveWindowBytes"/>, of which a peer that begins anew may exceed 1 MiB; after that its
/// streams are refused until something was read. Of real-time messages the newest
/// <see cref="ForwardClientOptions.RealTimeCapacity"/> are kept.</para>
/// <para>One reader at a time. Another enumeration goes on where the last one ended; as long as nobody reads, the senders
/// wait. Whoever does not want the rest disposes of the receiver.</para>
/// </remarks>
public sealed class ForwardReceiver : IDisposable
{
    private readonly ForwardClient _client;
    private readonly int _realTimeCapacity;
    private readonly ConcurrentQueue<MessageSlot> _reliable = new();
    private readonly ConcurrentQueue<MessageSlot> _realTime = new();
    private readonly ReadySignal _ready = new();
    private MessageSlot? _nextReliable; // the reader has taken them out to compare their age; looking at the head of a
    private MessageSlot? _nextRealTime; // ConcurrentQueue without taking it out would keep it from using its memory again
    private int _realTimeCount;
    private int _reliableCount;
    private long _dropped;
    private long _droppedSinceRead;
    private long _order;
    private int _isReading;
    private volatile bool _isClosed;
    private int _isDisposed;

    internal ForwardReceiver(ForwardClient client, ushort service, int realTimeCapacity)
    {
        _client = client;
        _realTimeCapacity = realTimeCapacity;
        Service = service;
    }

    /// <summary>The service: the upper 16 bits of the ids of the streams that come here.</summary>
    public ushort Service { get; }

    private bool IsDisposed => Volatile.Read(ref _isDisposed) == 1;

    /// <summary>Messages that wait to be read.</summary>
    public int Count => Volatile.Read(ref _reliableCount) + Volatile.Read(ref _realTimeCount);

    /// <summary>Real-time messages that were dropped because they were not read soon enough.</summary>
    public long DroppedMessages => Volatile.Read(ref _dropped);

    /// <summary>
    /// Reads messages until the receiver is disposed of, the client ends, or the token is cancelled. Each message is valid
    /// until the next one is read.
    /// </summary>
    /// <param name="cancellation">Ends the enumeration with <see cref="OperationCanceledException"/>; no message is lost by that.</param>
    /// <exception cref="InvalidOperationException">Somebody is reading already.</exception>
    public async IAsyncEnumerable<ForwardMessage> ReadAllAsync(
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        if (IsDisposed)
            yield break;
        if (Interlocked.Exchange(ref _isReading, 1) == 1)
            throw new InvalidOperationException(
                $"Service 0x{Service:x4} is being read already: a receiver has one reader at a time."
            );
        ForwardMessage message = default;
        try
        {
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                while (true)
                {
                    bool isOver = _isClosed; // first: what came before the end is read
                    if (IsDisposed)
                        yield break;
                    if (TryTake(out message))
                        break;
                    if (isOver)
                        yield break;
                    await _ready.WaitAsync(cancellation).ConfigureAwait(false);
                }

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
    /// Gives the service up, from any thread: what waits is dropped, senders get their credit back, and further reliable
    /// messages to the service are refused (<see cref="ForwardNode.RefuseStream"/>).
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            _client.Remove(this);
    }

    /// <summary>Takes a message in, on the loop thread.</summary>
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

    /// <summary>Nothing comes any more, on the loop thread or after it; what waits is still read, unless it was disposed of.</summary>
    internal void Close()
    {
        _isClosed = true;
        _ready.Raise();
        DrainIfDisposed();
    }

    private void DrainIfDisposed()
    {
        // A reader under way, or another thread that is here, does it when it ends: so it has to look again.
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
            return; // the reader was quicker
        Interlocked.Decrement(ref _realTimeCount);
        Interlocked.Increment(ref _dropped);
        Interlocked.Increment(ref _droppedSinceRead);
        oldest.Return(oldest.Version);
    }

    // Each queue is in order, and a stream is in one of them: by age it is the order of arrival.
    private bool TryTake(out ForwardMessage message)
    {
        if (_nextReliable is null)
            _reliable.TryDequeue(out _nextReliable);
        if (_nextRealTime is null && _realTime.TryDequeue(out _nextRealTime))
            _nextRealTime.DroppedBefore = Interlocked.Exchange(ref _droppedSinceRead, 0);
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
