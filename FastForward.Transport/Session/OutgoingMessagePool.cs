using FastForward.Transport.Buffers;

namespace FastForward.Transport.Session;

/// <summary>A pool of outgoing messages. Their buffers come from a <see cref="BufferPool"/>.</summary>
internal sealed class OutgoingMessagePool(BufferPool buffers)
{
    private readonly Stack<OutgoingMessage> _free = new();

    /// <summary>Rents a message with a copy of the payload.</summary>
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
