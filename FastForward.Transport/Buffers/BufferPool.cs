using System.Numerics;

namespace FastForward.Transport.Buffers;

/// <summary>
/// Buffers of the sizes 0, 64, 128, .. 65536, kept for reuse. The shared ArrayPool would drop buffers, and so allocate
/// again, as soon as more than a few of one size are in use. Not thread-safe.
/// </summary>
internal sealed class BufferPool
{
    /// <summary>The largest buffer.</summary>
    public const int MaxSize = 1 << (SmallestShift + Sizes - 1);

    private const int SmallestShift = 6;

    /// <summary>How many sizes of buffers there are, the empty one aside.</summary>
    public const int Sizes = 11;

    private readonly Stack<byte[]>[] _free = new Stack<byte[]>[Sizes];
    private readonly long _keepBytes;
    private long _keptBytes;

    /// <param name="keepBytes">The most memory to keep for reuse.</param>
    public BufferPool(long keepBytes = 16 << 20)
    {
        _keepBytes = keepBytes;
        for (int i = 0; i < Sizes; i++)
            _free[i] = new Stack<byte[]>();
    }

    /// <summary>A buffer with undefined content.</summary>
    /// <param name="capacity">The least size, 0..<see cref="MaxSize"/>.</param>
    public byte[] Rent(int capacity)
    {
        if (capacity == 0)
            return [];
        int index = IndexOf(capacity);
        if (!_free[index].TryPop(out byte[]? buffer))
            return GC.AllocateUninitializedArray<byte>(SizeAt(index));
        _keptBytes -= buffer.Length;
        return buffer;
    }

    /// <summary>Takes a rented buffer back. It must not be used afterwards.</summary>
    public void Return(byte[] buffer)
    {
        if (buffer.Length == 0 || _keptBytes + buffer.Length > _keepBytes)
            return;
        _keptBytes += buffer.Length;
        _free[IndexOf(buffer.Length)].Push(buffer);
    }

    /// <summary>The index of the smallest size that holds <paramref name="length"/> bytes, more than 0.</summary>
    public static int IndexOf(int length) => Math.Max(BitOperations.Log2((uint)length - 1) + 1 - SmallestShift, 0);

    /// <summary>The size with an index, 0..<see cref="Sizes"/> - 1.</summary>
    public static int SizeAt(int index) => 1 << (SmallestShift + index);
}
