using FastForward.Transport.Buffers;

namespace FastForward.Transport.Session;

/// <summary>Messages and buffers for reuse, shared by all associations of a node.</summary>
internal sealed class MessageMemory
{
    public MessageMemory() => Outgoing = new OutgoingMessagePool(Buffers);

    public BufferPool Buffers { get; } = new();

    public OutgoingMessagePool Outgoing { get; }
}
