using System.Threading.Channels;

namespace FastForward.Tests.Tarantool;

/// <summary>
/// An in-memory stream: each read returns at most one piece provided by the test, so that the test controls where the
/// byte stream is split. Counts writes.
/// </summary>
internal sealed class ScriptedStream : Stream
{
    private readonly Channel<byte[]> _pieces = Channel.CreateUnbounded<byte[]>();
    private readonly SemaphoreSlim _written = new(0);
    private ReadOnlyMemory<byte> _rest;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Provides bytes in pieces of the given lengths, and the rest as one more piece.</summary>
    public void Give(byte[] bytes, params int[] lengths)
    {
        int offset = 0;
        foreach (int length in lengths)
        {
            _pieces.Writer.TryWrite(bytes[offset..(offset + length)]);
            offset += length;
        }

        _pieces.Writer.TryWrite(bytes[offset..]);
    }

    /// <summary>Ends the stream after the pieces provided so far.</summary>
    public void End() => _pieces.Writer.TryComplete();

    /// <summary>Waits for one write.</summary>
    public Task WrittenAsync() => _written.WaitAsync().InTime();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Empty pieces are skipped, because a read of 0 bytes means end of stream.
        while (_rest.IsEmpty)
        {
            if (!await _pieces.Reader.WaitToReadAsync(cancellationToken))
                return 0;
            if (_pieces.Reader.TryRead(out byte[]? piece))
                _rest = piece;
        }

        int count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _written.Release();
        return ValueTask.CompletedTask;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _pieces.Writer.TryComplete();
        base.Dispose(disposing);
    }
}
