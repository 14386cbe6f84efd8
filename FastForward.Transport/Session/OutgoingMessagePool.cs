using FastForward.Transport.Buffers;

namespace FastForward.Transport.Session;

/// <summary>
/// Outgoing messages for reuse, each with its buffer, by the size of the buffer. They form intrusive lists, since every
/// message of a node passes through here. Not thread-safe.
/// </summary>
/// <param name="keepBytes">The most buffer memory to keep for reuse.</param>
internal sealed class OutgoingMessagePool(long keepBytes = 16 << 20)
{
    private readonly OutgoingMessage?[] _free = new OutgoingMessage?[BufferPool.Sizes + 1];
    private long _keptBytes;

    /// <summary>A message with a copy of the payload.</summary>
    public OutgoingMessage Rent(ReadOnlySpan<byte> payload)
    {
        int index = payload.IsEmpty ? 0 : BufferPool.IndexOf(payload.Length) + 1;
        OutgoingMessage? message = _free[index];
        if (message is null)
        {
            message = new OutgoingMessage(index, index == 0 ? 0 : BufferPool.SizeAt(index - 1));
        }
        else
        {
            _free[index] = message.Next;
            message.Next = null;
            _keptBytes -= message.Buffer.Length;
        }

        message.Length = payload.Length;
        payload.CopyTo(message.Buffer);
        return message;
    }

    public void Return(OutgoingMessage message)
    {
        message.Generation++;
        message.Arrived.Clear();
        message.Repeats = 0;
        message.IsImportant = false;
        message.WasWritten = false;
        message.CopiesLeft = 0;
        message.HasArrived = false;
        message.DuplicatedOn = 0;
        message.Original = null;
        message.LastPath = 0;
        message.Length = 0;
        message.Kind = OutgoingKind.Message;
        message.IsEnd = false;
        message.Budget = 0;
        message.Waited = 0;
        message.Stream = null;
        message.Next = null;
        if (_keptBytes + message.Buffer.Length > keepBytes)
            return;
        _keptBytes += message.Buffer.Length;
        message.Next = _free[message.PoolIndex];
        _free[message.PoolIndex] = message;
    }
}
