using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace FastForward.Transport.Async.Pipes;

/// <summary>
/// The reading end of a pipe: counts the bytes that were examined, so that the sender gets its credit back.
/// </summary>
internal sealed class ForwardPipeReader(ForwardPipe pipe, PipeReader reader) : PipeReader
{
    private ReadOnlySequence<byte> _buffer;
    private long _consumed; // bytes before the buffer
    private long _examined; // bytes that were given back
    private int _isCompleted;

    public override bool TryRead(out ReadResult result)
    {
        bool found = reader.TryRead(out result);
        if (found)
            result = Take(result);
        return found;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ValueTask<ReadResult> read = reader.ReadAsync(cancellationToken);
        if (!read.IsCompletedSuccessfully)
            return Await(read);
        return new ValueTask<ReadResult>(Take(read.Result));
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        // Before the pipe recycles the segments.
        long to = _consumed + OffsetOf(examined);
        long from = _consumed + OffsetOf(consumed);
        reader.AdvanceTo(consumed, examined);
        _buffer = default;
        _consumed = from;
        if (to <= _examined)
            return;
        long bytes = to - _examined;
        _examined = to;
        pipe.Read(bytes);
    }

    public override void CancelPendingRead() => reader.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        if (Interlocked.Exchange(ref _isCompleted, 1) == 1)
            return;
        reader.Complete(exception);
        pipe.InputCompleted();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> Await(ValueTask<ReadResult> read)
    {
        return Take(await read.ConfigureAwait(false));
    }

    // As in a Pipe, the default position means nothing consumed: CopyToAsync passes it when its destination took no
    // segment.
    private long OffsetOf(SequencePosition position) =>
        position.GetObject() is null ? 0 : _buffer.GetOffset(position) - _buffer.GetOffset(_buffer.Start);

    // A broken pipe throws after the bytes that came before: as soon as all of them were examined.
    private ReadResult Take(in ReadResult result)
    {
        _buffer = result.Buffer;
        if (!result.IsCompleted || pipe.InputFault is not { } fault)
            return result;
        if (_consumed + _buffer.Length > _examined)
            return new ReadResult(_buffer, result.IsCanceled, isCompleted: false);
        reader.AdvanceTo(_buffer.Start, _buffer.End);
        _buffer = default;
        throw fault.Again();
    }
}
