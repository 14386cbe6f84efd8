using FastForward.Transport.Logging;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Async;

/// <summary>
/// Reliable messages to services that nothing receives yet. A bounded number waits for a bounded time, and each node
/// has a part of the places, so that none takes them from all others. They are not acknowledged meanwhile, so that
/// their senders report those that are refused. Belongs to the loop thread.
/// </summary>
internal sealed partial class EarlyMessages(MessageSlots slots, TimeSpan limit)
{
    /// <summary>The most messages that wait.</summary>
    public const int Capacity = 256;

    /// <summary>The most messages of one node that wait.</summary>
    public const int CapacityPerNode = Capacity / 4;

    private readonly Dictionary<uint, int> _countByNode = [];
    private readonly LinkedList<(MessageSlot Slot, long Until)> _waiting = [];
    private LoopTimer? _timer;
    private LogGate _gate;
    private long _refused;

    /// <summary>Messages that were refused. Thread-safe.</summary>
    public long Refused => Volatile.Read(ref _refused);

    public int Count => _waiting.Count;

    /// <summary>Keeps a message until its service is claimed.</summary>
    /// <returns>False when it cannot wait.</returns>
    public bool TryHold(ForwardNode node, ForwardLoop loop, ILogger logger, in ReceivedMessage message)
    {
        int ofNode = _countByNode.GetValueOrDefault(message.Node);
        if (limit == TimeSpan.Zero || _waiting.Count >= Capacity || ofNode >= CapacityPerNode)
            return false;
        _countByNode[message.Node] = ofNode + 1;
        _timer ??= loop.CreateTimer(() => RefuseExpired(node, loop, logger));
        ForwardNode.Withhold(message);
        node.HoldCredit(message.Credit, message.Credit.Bytes);
        _waiting.AddLast((slots.Rent(message), loop.NowMicros + (long)limit.TotalMicroseconds));
        if (!_timer.IsSet)
            _timer.SetAt(_waiting.First!.Value.Until);
        return true;
    }

    /// <summary>Takes the oldest message of a service; null when none is left.</summary>
    public MessageSlot? Take(ServiceId service)
    {
        for (LinkedListNode<(MessageSlot Slot, long)>? entry = _waiting.First; entry is not null; entry = entry.Next)
        {
            if (ServiceId.OfStream(entry.Value.Slot.Stream) != service)
                continue;
            Remove(entry);
            return entry.Value.Slot;
        }

        return null;
    }

    /// <summary>Refuses a message, and what waits of its stream.</summary>
    public void Refuse(ForwardNode node, ForwardLoop loop, ILogger logger, in ReceivedMessage message)
    {
        Refuse(node, loop, logger, message.Credit, message.Stream, message.Sequence);
        _refused++;
        Drop(message.Node, message.Stream);
    }

    /// <summary>Drops everything, when the node has ended.</summary>
    public void Clear()
    {
        _timer?.Cancel();
        foreach ((MessageSlot slot, _) in _waiting)
            slot.Return(slot.Version);
        _waiting.Clear();
        _countByNode.Clear();
    }

    private void RefuseExpired(ForwardNode node, ForwardLoop loop, ILogger logger)
    {
        while (_waiting.First is { } first && first.Value.Until <= loop.NowMicros)
        {
            MessageSlot slot = first.Value.Slot;
            Refuse(node, loop, logger, slot.Credit, slot.Stream, slot.Sequence);
            Drop(slot.Node, slot.Stream);
        }

        if (_waiting.First is { } next)
            _timer!.SetAt(next.Value.Until);
    }

    private void Refuse(
        ForwardNode node,
        ForwardLoop loop,
        ILogger logger,
        in MessageCredit credit,
        ulong stream,
        ulong sequence
    )
    {
        node.Refuse(credit, sequence);
        if (_gate.TryPass(loop.NowMicros, out long suppressed))
            LogRefused(logger, ServiceId.OfStream(stream), credit.Node, suppressed);
    }

    private void Drop(uint node, ulong stream)
    {
        LinkedListNode<(MessageSlot Slot, long)>? entry = _waiting.First;
        while (entry is not null)
        {
            LinkedListNode<(MessageSlot Slot, long)>? next = entry.Next;
            MessageSlot slot = entry.Value.Slot;
            if (slot.Node == node && slot.Stream == stream)
            {
                _refused++;
                Remove(entry);
                slot.Return(slot.Version);
            }

            entry = next;
        }
    }

    private void Remove(LinkedListNode<(MessageSlot Slot, long)> entry)
    {
        uint node = entry.Value.Slot.Node;
        _waiting.Remove(entry);
        int left = _countByNode[node] - 1;
        if (left > 0)
            _countByNode[node] = left;
        else
            _countByNode.Remove(node);
    }

    [LoggerMessage(
        EventId = 1701,
        Level = LogLevel.Warning,
        Message = "Messages to service {Service} from node {Node} were refused: nothing receives, listens or responds "
            + "there ({Suppressed} more refusals since the last of these entries)"
    )]
    private static partial void LogRefused(ILogger logger, ServiceId service, uint node, long suppressed);
}
