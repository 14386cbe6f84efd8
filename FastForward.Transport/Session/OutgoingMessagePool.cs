using FastForward.Transport.Buffers;

namespace FastForward.Transport.Session;

/// <summary>Outgoing messages for reuse, with their buffers from a <see cref="BufferPool"/>.</summary>
internal sealed class OutgoingMessagePool(BufferPool buffers)
{
    private readonly Stack<OutgoingMessage> _free = new();

    /// <summary>A message with a copy of the payload.</summary>
    public OutgoingMessage Rent(ReadOnlySpan<byte> payload)
    {
        OutgoingMessage message = _free.TryPop(out OutgoingMessage? free) ? free : new OutgoingMessage();
        message.Buffer = buffers.Rent(payload.Length);
        message.Length = payload.Length;
        payload.CopyTo(message.Buffer);
        return message;
    }

    public void Return(OutgoingMessage message)
    {
        buffers.Return(message.Buffer);
        message.Buffer = [];
        message.Length = 0;
        message.Kind = OutgoingKind.Message;
        message.IsEnd = false;
        message.Stream = null;
        message.Next = null;
        _free.Push(message);
    }
}
