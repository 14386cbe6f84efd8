using System.Buffers;
using System.Buffers.Binary;

namespace Tarantool.Client.Protocol;

/// <summary>
/// Splits the byte stream into frames. Keeps state between calls, so a frame may arrive in pieces of any size; its
/// bytes are copied once, into the frame's own buffer. Not thread-safe.
/// </summary>
/// <param name="maxFrameSize">The largest accepted frame in bytes.</param>
internal sealed class FrameReader(int maxFrameSize) : IDisposable
{
    private const int MaxPrefixSize = 9;

    private readonly byte[] _prefix = new byte[MaxPrefixSize];
    private int _prefixFilled;
    private byte[]? _frame;
    private int _frameLength;
    private int _frameFilled;

    /// <summary>Whether a frame has been received partially.</summary>
    public bool IsMidFrame => _prefixFilled > 0;

    /// <summary>Consumes bytes until a frame is complete or the input is used up.</summary>
    /// <param name="input">The input; the consumed part is sliced off.</param>
    /// <param name="frame">The frame. Its buffer is from the shared pool and owned by the caller.</param>
    /// <returns>Whether a frame was completed.</returns>
    /// <exception cref="TarantoolProtocolException">The size prefix is invalid or above the maximum.</exception>
    public bool TryRead(ref ReadOnlySequence<byte> input, out Frame frame)
    {
        frame = default;
        if (_frame is null && !TryReadPrefix(ref input))
            return false;

        int count = (int)Math.Min(_frameLength - _frameFilled, input.Length);
        input.Slice(0, count).CopyTo(_frame.AsSpan(_frameFilled));
        input = input.Slice(count);
        _frameFilled += count;
        if (_frameFilled < _frameLength)
            return false;

        frame = new Frame(_frame!, _frameLength);
        _frame = null;
        _prefixFilled = 0;
        return true;
    }

    public void Dispose()
    {
        byte[]? frame = _frame;
        _frame = null;
        if (frame is not null)
            ArrayPool<byte>.Shared.Return(frame);
    }

    private static int PrefixSize(byte code) =>
        code switch
        {
            < 0x80 => 1,
            0xcc => 2,
            0xcd => 3,
            0xce => 5,
            0xcf => MaxPrefixSize,
            _ => throw new TarantoolProtocolException(
                "Expected the size of a frame, which is an unsigned MessagePack integer, "
                    + $"but found the byte 0x{code:x2}."
            ),
        };

    private bool TryReadPrefix(ref ReadOnlySequence<byte> input)
    {
        if (input.IsEmpty)
            return false;
        if (_prefixFilled == 0)
            TakePrefix(ref input, 1);
        int size = PrefixSize(_prefix[0]);
        TakePrefix(ref input, (int)Math.Min(size - _prefixFilled, input.Length));
        if (_prefixFilled < size)
            return false;

        ulong length = size switch
        {
            1 => _prefix[0],
            2 => _prefix[1],
            3 => BinaryPrimitives.ReadUInt16BigEndian(_prefix.AsSpan(1)),
            5 => BinaryPrimitives.ReadUInt32BigEndian(_prefix.AsSpan(1)),
            _ => BinaryPrimitives.ReadUInt64BigEndian(_prefix.AsSpan(1)),
        };
        if (length == 0)
            throw new TarantoolProtocolException("A frame announces 0 bytes, but every frame has a header.");
        if (length > (ulong)maxFrameSize)
            throw new TarantoolProtocolException(
                $"A frame announces {length} bytes, more than "
                    + $"{nameof(TarantoolClientOptions)}.{nameof(TarantoolClientOptions.MaxResponseSize)} "
                    + $"({maxFrameSize}). Select less at a time or raise the limit."
            );

        _frameLength = (int)length;
        _frameFilled = 0;
        _frame = ArrayPool<byte>.Shared.Rent(_frameLength);
        return true;
    }

    private void TakePrefix(ref ReadOnlySequence<byte> input, int count)
    {
        input.Slice(0, count).CopyTo(_prefix.AsSpan(_prefixFilled));
        input = input.Slice(count);
        _prefixFilled += count;
    }
}
