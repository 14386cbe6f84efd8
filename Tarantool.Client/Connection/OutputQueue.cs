using Tarantool.Client.Diagnostics;
using Tarantool.Client.Protocol;

namespace Tarantool.Client.Connection;

/// <summary>
/// Writes encoded requests to the stream. Double-buffered: callers append to one buffer while the other is being
/// written, so there is one write at a time and everything appended meanwhile is sent by the next one. Thread-safe.
/// </summary>
/// <param name="stream">The stream to write to.</param>
/// <param name="maxUnsent">The number of unsent bytes above which <see cref="WaitForRoomAsync"/> waits.</param>
/// <param name="metrics">Counts the bytes.</param>
/// <param name="onFault">Called once if a write fails.</param>
internal sealed class OutputQueue(Stream stream, int maxUnsent, TarantoolMetrics metrics, Action<Exception> onFault)
    : IThreadPoolWorkItem,
        IAsyncDisposable
{
    private readonly Lock _gate = new();
    private FrameBuffer _gathering = new();
    private FrameBuffer _writing = new();
    private TaskCompletionSource? _room;
    private Task _writer = Task.CompletedTask;
    private long _appended;
    private long _handedOver;
    private long _unsent;
    private bool _isWriting;
    private bool _isClosed;

    /// <summary>Whether a request must wait for <see cref="WaitForRoomAsync"/> before it is appended.</summary>
    public bool IsFull => Volatile.Read(ref _unsent) > maxUnsent && !Volatile.Read(ref _isClosed);

    /// <summary>Appends a frame, and starts a write unless one is in progress.</summary>
    /// <param name="frame">The frame; copied.</param>
    /// <param name="writeHere">
    /// Whether to write on the calling thread, which has the lowest latency for a single request. Otherwise a pool
    /// thread writes, which batches more requests per write under load.
    /// </param>
    /// <returns>
    /// The frame's offset in the stream of all appended bytes, or <see cref="long.MaxValue"/> if the queue is closed.
    /// </returns>
    public long Append(ReadOnlySpan<byte> frame, bool writeHere)
    {
        long position;
        lock (_gate)
        {
            if (_isClosed)
                return long.MaxValue;
            position = _appended;
            _gathering.Append(frame);
            _appended += frame.Length;
            _unsent += frame.Length;
            if (_isWriting)
                return position;
            _isWriting = true;
        }

        if (writeHere)
            ((IThreadPoolWorkItem)this).Execute();
        else
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return position;
    }

    /// <summary>Waits until at most the maximum is unsent, or the queue is closed.</summary>
    public Task WaitForRoomAsync()
    {
        lock (_gate)
        {
            return _isClosed || _unsent <= maxUnsent
                ? Task.CompletedTask
                : (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Discards what was not passed to the operating system, and accepts nothing more.</summary>
    /// <returns>The number of bytes that were, or may have been, passed to the operating system.</returns>
    public long Close()
    {
        TaskCompletionSource? room;
        lock (_gate)
        {
            _isClosed = true;
            room = _room;
            _room = null;
        }

        room?.TrySetResult();
        return _handedOver;
    }

    /// <summary>Waits for the write in progress to end and returns the buffers. Close the stream first.</summary>
    public async ValueTask DisposeAsync()
    {
        Task writer;
        lock (_gate)
            writer = _writer;
        await writer.ConfigureAwait(false);
        lock (_gate)
        {
            if (_isWriting)
                return;
            _gathering.Dispose();
            _writing.Dispose();
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        Task writer = WriteAllAsync();
        if (writer.IsCompleted)
            return;
        lock (_gate)
            _writer = writer;
    }

    private async Task WriteAllAsync()
    {
        try
        {
            bool isFirst = true;
            while (Take())
            {
                // The thread that started writing must not be kept busy writing the requests of others.
                if (!isFirst)
                    await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                isFirst = false;
                await stream.WriteAsync(_writing.Memory).ConfigureAwait(false);
                Written();
            }
        }
        catch (Exception exception)
        {
            lock (_gate)
            {
                // It is unknown how much was written, so nothing may follow and nothing may be written again.
                _isClosed = true;
                _isWriting = false;
            }

            onFault(exception);
        }
    }

    private bool Take()
    {
        lock (_gate)
        {
            if (_isClosed || _gathering.Length == 0)
            {
                _isWriting = false;
                return false;
            }

            (_gathering, _writing) = (_writing, _gathering);
            _handedOver += _writing.Length;
            return true;
        }
    }

    private void Written()
    {
        metrics.Sent(_writing.Length);
        TaskCompletionSource? room = null;
        lock (_gate)
        {
            _unsent -= _writing.Length;
            _writing.Clear();
            if (_unsent <= maxUnsent)
            {
                room = _room;
                _room = null;
            }
        }

        room?.TrySetResult();
    }
}
