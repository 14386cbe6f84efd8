using System.Numerics;

namespace FastForward.Transport.Session;

/// <summary>
/// Messages with buffers of the sizes 0, 64, 128, .. 65536, kept for reuse on the loop thread. The shared ArrayPool would
/// drop buffers, and so allocate again, as soon as more than a handful of messages of one size are under way.
/// </summary>
internal sealed class MessagePool
{
    private const int SmallestShift = 6;
    private const int Classes = 12;

    private readonly OutgoingMessage?[] _free = new OutgoingMessage?[Classes];
    private readonly long _keepBytes;
    private long _keptBytes;

    /// <param name="keepBytes">The most memory to keep for reuse.</param>
    public MessagePool(long keepBytes = 16 << 20) => _keepBytes = keepBytes;

    public OutgoingMessage Rent(ReadOnlySpan<byte> payload)
    {
        OutgoingMessage message = Rent(payload.Length);
        payload.CopyTo(message.Buffer);
        message.Length = payload.Length;
        return message;
    }

    /// <summary>A message of length 0 with room for <paramref name="capacity"/> bytes.</summary>
    public OutgoingMessage Rent(int capacity)
    {
        int sizeClass = capacity == 0 ? 0 : Math.Max(BitOperations.Log2((uint)capacity - 1) + 1 - SmallestShift, 0) + 1;
        OutgoingMessage? message = _free[sizeClass];
        if (message is null)
            return new OutgoingMessage(sizeClass, sizeClass == 0 ? 0 : 1 << (SmallestShift + sizeClass - 1));
        _free[sizeClass] = message.Next;
        _keptBytes -= message.Buffer.Length;
        message.Next = null;
        return message;
    }

    public void Return(OutgoingMessage message)
    {
        message.Stream = null;
        message.Length = 0;
        message.Kind = OutgoingKind.Message;
        message.IsEnd = false;
        message.Next = null;
        if (_keptBytes + message.Buffer.Length > _keepBytes)
            return;
        _keptBytes += message.Buffer.Length;
        message.Next = _free[message.SizeClass];
        _free[message.SizeClass] = message;
    }
}
