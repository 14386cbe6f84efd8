using Tarantool.Client.Diagnostics;
using Tarantool.Client.Protocol;

namespace Tarantool.Client.Connection;

/// <summary>
/// Carries encoded requests to the stream. Callers append to one buffer while the other is being written, so there is
/// never more than one write at a time and all that gathers during a write goes out in the next. Thread-safe.
/// </summary>
/// <param name="stream">Where to write.</param>
/// <param name="maxUnsent">Above this many bytes <see cref="WaitForRoomAsync"/> waits.</param>
/// <param name="metrics">Counts the bytes.</param>
/// <param name="onFault">Told once if writing fails.</param>
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

    /// <summary>Whether a request should wait before it adds to what is unsent.</summary>
    public bool IsFull => Volatile.Read(ref _unsent) > maxUnsent && !Volatile.Read(ref _isClosed);

    /// <summary>Appends a frame and makes sure that it is written.</summary>
    /// <param name="frame">The frame; copied.</param>
    /// <param name="writeHere">
    /// Whether the calling thread may write it at once, which is the fastest for a single request. Otherwise a thread
    /// of the pool writes, which gathers more into one write when many requests come at once.
    /// </param>
    /// <returns>The frame's position in all that was ever appended, or <see cref="long.MaxValue"/> if it is closed.</returns>
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

    /// <summary>Waits until less than the maximum is unsent, or the queue is closed.</summary>
    public Task WaitForRoomAsync()
    {
        lock (_gate)
        {
            return _isClosed || _unsent <= maxUnsent
                ? Task.CompletedTask
                : (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Drops what was not handed to the operating system and takes nothing more.</summary>
    /// <returns>How many bytes were handed over or may have been.</returns>
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

    /// <summary>Waits for a write that is under way to end, after the stream was closed, and gives the buffers back.</summary>
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
                // The caller that started the writing must not be kept writing for all others.
                if (!isFirst)
                    await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                isFirst = false;
                await stream.WriteAsync(_writing.Memory).ConfigureAwait(false);
                Written();
            }
        }
        catch (Exception e)
        {
            lock (_gate)
            {
                // How much of it went out is unknown: nothing may follow it, and none of it may be written again.
                _isClosed = true;
                _isWriting = false;
            }

            onFault(e);
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
