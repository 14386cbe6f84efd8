using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace FastForward.Transport.Async.Pipes;

/// <summary>
/// The writing end of a pipe: splits what is flushed into messages, and waits until the node has accepted them.
/// </summary>
#pragma warning disable CA1001 // A PipeWriter is completed, not disposed of; the token source has no timer to release.
internal sealed class ForwardPipeWriter(ForwardPipe pipe, ForwardClient client) : PipeWriter
#pragma warning restore CA1001
{
    // With the overhead of a message, eight of them use the credit of a stream exactly.
    private const int LargestMessage = (32 << 10) - 32;
    private const int SmallestBuffer = 4096;

    private readonly Queue<(byte[] Buffer, int Length)> _full = new();
    private byte[] _buffer = [];
    private int _length;
    private int _sent; // of the oldest buffer
    private long _unflushed;
    private CancellationTokenSource _cancel = new();
    private bool _isCompleted;
    private volatile bool _isRefused;
    private volatile bool _isSending;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _unflushed;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        if (_isCompleted)
            throw new InvalidOperationException("The output was completed: nothing can be written to it any more.");
        if (_buffer.Length - _length < Math.Max(sizeHint, 1))
        {
            if (_length > 0)
                _full.Enqueue((_buffer, _length));
            else
                Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(sizeHint, SmallestBuffer));
            _length = 0;
        }

        return _buffer.AsMemory(_length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _buffer.Length - _length);
        _length += bytes;
        _unflushed += bytes;
    }

    public override void CancelPendingFlush() => Volatile.Read(ref _cancel).Cancel();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_isCompleted)
            throw new InvalidOperationException("The output was completed: nothing can be flushed any more.");
        return await FlushBuffers(cancellationToken).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<FlushResult> WriteAsync(
        ReadOnlyMemory<byte> source,
        CancellationToken cancellationToken = default
    )
    {
        if (_isCompleted)
            throw new InvalidOperationException("The output was completed: nothing can be written to it any more.");
        if (pipe.Fault is { } fault)
            throw fault.Again();
        // A long write is sent without a copy. After a cancellation in the middle the rest is kept: a write is never
        // partial.
        if (_unflushed == 0 && !_isRefused && source.Length >= LargestMessage)
        {
            int sent = 0;
            while (sent < source.Length)
            {
                int length = Math.Min(source.Length - sent, LargestMessage);
                (Outcome outcome, OperationCanceledException? cancelled) = await SendAsync(
                        source.Slice(sent, length),
                        cancellationToken
                    )
                    .ConfigureAwait(false);
                if (outcome == Outcome.Refused)
                    return new FlushResult(isCanceled: false, isCompleted: true);
                if (outcome == Outcome.Cancelled)
                {
                    this.Write(source.Span[sent..]);
                    return Cancelled(cancelled!, cancellationToken);
                }

                sent += length;
            }

            RenewAfter(cancellationToken);
            return default;
        }

        this.Write(source.Span);
        return await FlushBuffers(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Completes in the background: what was written and not flushed is sent first, and waits for room without a limit.
    /// </summary>
    public override void Complete(Exception? exception = null) => _ = CompleteAsync(exception).AsTask();

    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        if (_isCompleted)
            return;
        _isCompleted = true;
        try
        {
            if (exception is not null)
            {
                uint code = exception is ForwardPipeException { Code: not 0 } own
                    ? own.Code
                    : ForwardPipeException.Aborted;
                client.ResetStream(pipe.Node, pipe.Outgoing, code);
                return;
            }

            while (_unflushed > 0 && pipe.Fault is null && !_isRefused)
            {
                await FlushBuffers(CancellationToken.None).ConfigureAwait(false);
            }

            if (pipe.Fault is null && !_isRefused)
                await client.EndOfPipe(pipe).ConfigureAwait(false);
        }
        catch (ForwardPipeException)
        {
            // Completing does not throw; readers and flushes of the pipe do.
        }
        finally
        {
            if (!_isSending)
                Clear(); // otherwise the flush that the reset interrupts still uses the buffers
            client.Post(pipe.OutputOver);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> FlushBuffers(CancellationToken cancellationToken)
    {
        if (pipe.Fault is { } fault)
            throw fault.Again();
        if (_isRefused)
            Clear();
        if (_length > 0)
        {
            _full.Enqueue((_buffer, _length));
            _buffer = [];
            _length = 0;
        }

        while (_full.TryPeek(out (byte[] Buffer, int Length) oldest))
        {
            int length = Math.Min(oldest.Length - _sent, LargestMessage);
            (Outcome outcome, OperationCanceledException? cancelled) = await SendAsync(
                    oldest.Buffer.AsMemory(_sent, length),
                    cancellationToken
                )
                .ConfigureAwait(false);
            if (outcome == Outcome.Cancelled)
                return Cancelled(cancelled!, cancellationToken);
            if (outcome == Outcome.Refused)
                break;
            _sent += length;
            _unflushed -= length;
            if (_sent < oldest.Length)
                continue;
            _full.Dequeue();
            _sent = 0;
            Return(oldest.Buffer);
        }

        if (_isRefused)
            Clear();
        RenewAfter(cancellationToken);
        return new FlushResult(isCanceled: false, isCompleted: _isRefused);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<(Outcome Outcome, OperationCanceledException? Cancelled)> SendAsync(
        ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken
    )
    {
        SendResult result;
        try
        {
            _isSending = true;
            CancellationTokenSource cancel = _cancel;
            using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
                static source => ((CancellationTokenSource)source!).Cancel(),
                cancel
            );
            result = await client.SendOfPipe(pipe, payload, cancel.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException cancelled)
        {
            return (Outcome.Cancelled, cancelled);
        }
        finally
        {
            _isSending = false;
        }

        if (result.IsAccepted)
            return (Outcome.Accepted, null);
        if (result.Status == SendStatus.StreamEnded && pipe.Fault is null)
        {
            _isRefused = true;
            return (Outcome.Refused, null);
        }

        ForwardPipeException fault =
            pipe.Fault ?? (result.Status == SendStatus.NotConnected ? pipe.Lost() : pipe.Refusal(result.Status));
        client.Post(() => pipe.Fail(fault));
        throw fault.Again();
    }

    private FlushResult Cancelled(OperationCanceledException cancelled, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _cancel, new CancellationTokenSource());
        if (cancellationToken.IsCancellationRequested)
            throw new OperationCanceledException(cancelled.Message, cancelled, cancellationToken);
        return new FlushResult(isCanceled: true, isCompleted: false);
    }

    // The caller's token was cancelled too late for this flush, and must not cancel the next one.
    private void RenewAfter(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            Volatile.Write(ref _cancel, new CancellationTokenSource());
    }

    private void Clear()
    {
        foreach ((byte[] buffer, _) in _full)
            Return(buffer);
        _full.Clear();
        Return(_buffer);
        _buffer = [];
        _length = 0;
        _sent = 0;
        _unflushed = 0;
    }

    private static void Return(byte[] buffer)
    {
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private enum Outcome
    {
        Accepted,
        Refused,
        Cancelled,
    }
}
