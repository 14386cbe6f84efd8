using System.Buffers;

namespace Tarantool.Client.Protocol;

/// <summary>
/// A growable, contiguous byte buffer: lengths can be patched after the content was written. Uses the shared array
/// pool. Not thread-safe.
/// </summary>
internal sealed class FrameBuffer : IBufferWriter<byte>, IDisposable
{
    private const int InitialSize = 1024;

    /// <summary>A buffer that grew beyond this size for one large request is returned to the pool.</summary>
    private const int RetainedSize = 256 * 1024;

    [ThreadStatic]
    private static FrameBuffer? s_spare;

    private byte[] _bytes = [];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, Length);

    public Span<byte> Span => _bytes.AsSpan(0, Length);

    /// <summary>
    /// Takes this thread's spare buffer, or creates one. The spare is removed while in use, so that an encoder which
    /// starts another request while writing its own gets a different buffer.
    /// </summary>
    public static FrameBuffer Rent()
    {
        FrameBuffer buffer = s_spare ?? new FrameBuffer();
        s_spare = null;
        return buffer;
    }

    /// <summary>Empties a rented buffer and keeps it for this thread's next request.</summary>
    public static void Return(FrameBuffer buffer)
    {
        buffer.Clear();
        s_spare = buffer;
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - Length);
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsSpan(Length);
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    /// <summary>Moves everything from <paramref name="offset"/> on by <paramref name="count"/> bytes.</summary>
    public void InsertGap(int offset, int count)
    {
        Reserve(count);
        _bytes.AsSpan(offset, Length - offset).CopyTo(_bytes.AsSpan(offset + count));
        Length += count;
    }

    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > RetainedSize)
            Dispose();
    }

    public void Dispose()
    {
        byte[] bytes = _bytes;
        _bytes = [];
        Length = 0;
        if (bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(bytes);
    }

    private void Reserve(int count)
    {
        if (_bytes.Length - Length >= count)
            return;
        if ((long)Length + count > Array.MaxLength)
            throw new ArgumentException(
                $"A request, and all unsent requests together, are limited to {Array.MaxLength} bytes."
            );
        long wanted = Math.Max((long)Length + count, Math.Max(InitialSize, 2L * _bytes.Length));
        byte[] grown = ArrayPool<byte>.Shared.Rent((int)Math.Min(wanted, Array.MaxLength));
        _bytes.AsSpan(0, Length).CopyTo(grown);
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = grown;
    }
}
