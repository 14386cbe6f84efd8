using FastForward.Transport.Buffers;

namespace FastForward.Transport.Session;

/// <summary>The pools of messages and buffers, shared by all associations of a node.</summary>
internal sealed class MessageMemory
{
    public BufferPool Buffers { get; } = new();

    public OutgoingMessagePool Outgoing { get; } = new();
}
