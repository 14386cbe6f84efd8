using System.Collections.Concurrent;
using FastForward.Transport.Buffers;

namespace FastForward.Transport.Async;

/// <summary>
/// Received messages that are used outside of the loop thread. They are filled and recycled on the loop thread, so that
/// their buffers need no lock and their credit is released there.
/// </summary>
internal sealed class MessageSlots(Action schedule)
{
    private const int MostKept = 4096;

    private readonly ConcurrentQueue<MessageSlot> _returned = new();
    private readonly BufferPool _buffers = new();
    private readonly Stack<MessageSlot> _free = new();

    /// <summary>Messages that were not returned yet.</summary>
    public int Outstanding { get; private set; }

    /// <summary>Copies a message, on the loop thread.</summary>
    public MessageSlot Rent(in ReceivedMessage message)
    {
        MessageSlot slot = _free.TryPop(out MessageSlot? free) ? free : new MessageSlot(this);
        Outstanding++;
        slot.Node = message.Node;
        slot.Stream = message.Stream;
        slot.Sequence = message.Sequence;
        slot.Class = message.Class;
        slot.IsLast = message.IsLast;
        slot.SkippedBefore = message.SkippedBefore;
        slot.DroppedBefore = 0;
        slot.Credit = message.Credit;
        slot.Buffer = _buffers.Rent(message.Payload.Length);
        slot.Length = message.Payload.Length;
        message.Payload.CopyTo(slot.Buffer);
        return slot;
    }

    /// <summary>Returns a message. Thread-safe.</summary>
    public void Return(MessageSlot slot)
    {
        _returned.Enqueue(slot);
        schedule();
    }

    /// <summary>Recycles the returned messages, on the loop thread.</summary>
    public void Run(ForwardNode node)
    {
        while (_returned.TryDequeue(out MessageSlot? slot))
        {
            Outstanding--;
            node.ReleaseCredit(slot.Credit, slot.Credit.Bytes);
            _buffers.Return(slot.Buffer);
            slot.Buffer = [];
            slot.Length = 0;
            slot.Credit = default;
            if (_free.Count < MostKept)
                _free.Push(slot);
        }
    }
}
