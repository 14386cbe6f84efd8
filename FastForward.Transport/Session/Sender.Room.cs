using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>
/// Room for messages: a part of the store per class, credit for reliable messages, and the senders that wait for it.
/// </content>
internal sealed partial class Sender : IRoomOwner
{
    private const int StoreOverheadPerMessage = 64;

    private readonly WaitingSenders _waitingReliable;
    private readonly WaitingSenders _waitingRealTime;
    private readonly List<ulong> _writable = [];
    private bool _isNotifying;
    private bool _wasRoomFreed;

    private ulong _creditUsed;
    private ulong _creditLimit = WireFormat.InitialAssociationCredit;
    private long _reliableBytes;
    private long _realTimeBytes;

    /// <summary>Bytes in the store: payload, and an overhead per message.</summary>
    public long StoredBytes => _reliableBytes + _realTimeBytes + _secondBytes;

    /// <summary>Credit of the association that accepted messages use.</summary>
    public ulong CreditUsed => _creditUsed;

    public void GrantCredit(ulong limit)
    {
        _creditLimit = Math.Max(_creditLimit, limit);
        _wasRoomFreed = true;
    }

    /// <summary>
    /// A frame was read. What it freed is offered once: each of its acknowledgements would look at every sender that
    /// waits.
    /// </summary>
    public void OnFrameRead()
    {
        if (!_wasRoomFreed)
            return;
        _wasRoomFreed = false;
        NotifyWritable(MessageClass.Reliable);
        NotifyWritable(MessageClass.RealTime);
    }

    public void EndReservation(ulong stream)
    {
        if (_waitingReliable.Release(stream))
            NotifyWritable(MessageClass.Reliable);
        if (_waitingRealTime.Release(stream))
            NotifyWritable(MessageClass.RealTime);
    }

    /// <summary>
    /// Notifies every sender that waits for room, because the association has ended. Their next send is accepted by a
    /// new association, or returns the reason why it is not.
    /// </summary>
    public void NotifyAllWaiting()
    {
        NotifyAll(_waitingReliable);
        NotifyAll(_waitingRealTime);
    }

    private WaitingSenders Waiting(MessageClass messageClass) =>
        messageClass == MessageClass.RealTime ? _waitingRealTime : _waitingReliable;

    private bool HasRoom(SendStream? stream, MessageClass messageClass, int length) =>
        HasSharedRoom(messageClass, length) && HasStreamCredit(stream, messageClass, length);

    private bool HasSharedRoom(MessageClass messageClass, int length)
    {
        // A quarter of the store is for real-time messages alone, so that others cannot delay them, and vice versa.
        long realTimeLimit = _options.SendStoreBytes / 4;
        if (messageClass == MessageClass.RealTime)
            return _realTimeBytes + CostOf(_waitingRealTime, length) <= realTimeLimit;
        if (_reliableBytes + CostOf(_waitingReliable, length) > _options.SendStoreBytes - realTimeLimit)
            return false;
        long reserved =
            _waitingReliable.ReservedBytes + (_waitingReliable.ReservedMessages * WireFormat.CreditPerMessage);
        return _creditUsed + (ulong)(reserved + length + WireFormat.CreditPerMessage) <= _creditLimit;

        static long CostOf(WaitingSenders waiting, int length) =>
            waiting.ReservedBytes + length + ((waiting.ReservedMessages + 1L) * StoreOverheadPerMessage);
    }

    private static bool HasStreamCredit(SendStream? stream, MessageClass messageClass, int length) =>
        messageClass == MessageClass.RealTime
        || (stream?.CreditUsed ?? 0) + (ulong)(length + WireFormat.CreditPerMessage)
            <= (stream?.CreditLimit ?? WireFormat.InitialStreamCredit);

    private SendStatus Wait(ulong id, SendStream? stream, MessageClass messageClass, int length)
    {
        bool lacksSharedRoom = !HasSharedRoom(messageClass, length) && HasStreamCredit(stream, messageClass, length);
        return Waiting(messageClass).Add(id, length, lacksSharedRoom)
            ? SendStatus.BackPressured
            : SendStatus.TooManyStreams;
    }

    // In the order in which they began to wait. One that only lacks the credit of its own stream delays no other; the
    // first that lacks shared room does.
    private void NotifyWritable(MessageClass messageClass)
    {
        WaitingSenders waiting = Waiting(messageClass);
        if (waiting.Count == 0)
            return;
        waiting.SetShort(null);
        WaitingSenders.Waiter? next = waiting.First;
        while (next is { } waiter)
        {
            next = waiter.Next;
            if (!HasStreamCredit(_streams.Find(waiter.Stream), messageClass, waiter.Length))
                continue;
            if (!HasSharedRoom(messageClass, waiter.Length))
            {
                waiting.SetShort(waiter);
                break;
            }

            waiting.Reserve(waiter);
            _writable.Add(waiter.Stream);
        }

        Notify();
    }

    private void NotifyAll(WaitingSenders waiting)
    {
        while (waiting.First is { } waiter)
        {
            _writable.Add(waiter.Stream);
            waiting.Remove(waiter.Stream);
        }

        Notify();
    }

    private void Notify()
    {
        if (_isNotifying)
            return; // the call that is running notifies these, too
        _isNotifying = true;
        for (int i = 0; i < _writable.Count; i++)
            _events.Writable(_peer, _writable[i], this);
        _writable.Clear();
        _isNotifying = false;
    }
}
