using System.Collections.Concurrent;
using FastForward.Transport.Session;

namespace FastForward.Transport.Async;

/// <summary>
/// The received messages that are outside of the loop thread. They are filled there and come back there, so that their
/// buffers need no lock and their credit is released where it belongs.
/// </summary>
internal sealed class MessageSlots(Action schedule)
{
    private const int MostKept = 4096;

    private readonly ConcurrentQueue<MessageSlot> _returned = new();
    private readonly MessagePool _pool = new();
    private MessageSlot? _free;
    private int _kept;

    /// <summary>Messages that are not back yet.</summary>
    public int Outstanding { get; private set; }

    /// <summary>Copies a message, on the loop thread.</summary>
    public MessageSlot Rent(in ReceivedMessage message)
    {
        MessageSlot slot = _free ?? new MessageSlot(this);
        if (ReferenceEquals(slot, _free))
        {
            _free = slot.Next;
            _kept--;
            slot.Next = null;
        }

        Outstanding++;
        slot.Node = message.Node;
        slot.Stream = message.Stream;
        slot.Sequence = message.Sequence;
        slot.Class = message.Class;
        slot.IsLast = message.IsLast;
        slot.SkippedBefore = message.SkippedBefore;
        slot.DroppedBefore = 0;
        slot.Credit = message.Credit;
        slot.Content = message.Payload.IsEmpty ? null : _pool.Rent(message.Payload);
        return slot;
    }

    /// <summary>A message is done with. Any thread may call it.</summary>
    public void Return(MessageSlot slot)
    {
        _returned.Enqueue(slot);
        schedule();
    }

    /// <summary>Takes back what was returned, on the loop thread.</summary>
    public void Run(ForwardNode node)
    {
        while (_returned.TryDequeue(out MessageSlot? slot))
        {
            Outstanding--;
            node.ReleaseCredit(slot.Credit);
            if (slot.Content is { } content)
                _pool.Return(content);
            slot.Content = null;
            slot.Credit = default;
            if (_kept >= MostKept)
                continue;
            _kept++;
            slot.Next = _free;
            _free = slot;
        }
    }
}
