using FastForward.Transport.Session.Recovery;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>Acknowledgements, and replies to messages of ended streams: what is pending, and when it is due.</content>
internal sealed partial class Receiver
{
    // Half of the initial credit, so that the acknowledgement arrives before the sender has used the rest.
    private const int StreamAckThreshold = WireFormat.InitialStreamCredit / 2;
    private const int AssociationAckThreshold = WireFormat.InitialAssociationCredit / 2;
    private const int MinEndedStreamLimit = 4096;

    private readonly Dictionary<ulong, (bool Refuse, EndedStream Ended)> _replies = []; // for ended streams
    private readonly Queue<ReceiveStream> _acks = new();

    private long _ackDue = long.MaxValue;

    /// <summary>
    /// When pending acknowledgements must be sent, if need be in a frame of their own; long.MaxValue for none.
    /// </summary>
    public long OutputDue => _ackDue;

    // The number of open streams is limited, so a sender that follows the protocol does not reach this limit.
    private bool HasTooManyPendingReplies =>
        _acks.Count + _replies.Count >= Math.Max(_options.MaxStreams * 4, MinEndedStreamLimit);

    /// <summary>Writes pending credit, replies and acknowledgements, as far as they fit.</summary>
    public void Write(ref FrameBuilder frame)
    {
        if (_acks.Count == 0 && _replies.Count == 0 && !_creditPending)
            return;
        if (_creditPending)
        {
            if (frame.Room < WireFormat.Credit)
                return;
            frame.Credit(Limit());
            _unacknowledged = 0;
            _creditPending = false;
        }

        if (!WriteReplies(ref frame))
            return;
        while (_acks.TryPeek(out ReceiveStream? stream))
        {
            if (frame.Room < WireFormat.StreamAck)
                return;
            frame.StreamAck(stream.Id, stream.Acknowledgeable, stream.CreditUsed, Limit(stream));
            stream.Unacknowledged = 0;
            stream.IsAckPending = false;
            _acks.Dequeue();
        }

        _ackDue = long.MaxValue;
    }

    /// <summary>An element of <see cref="Write"/> was lost: what holds now is written again.</summary>
    /// <returns>Whether anything is written again.</returns>
    public bool OnLost(long now, in SentElement element)
    {
        switch (element.Kind)
        {
            case SentKind.Credit:
                _creditPending = true;
                break;
            case SentKind.StreamAck when _streams.Find(element.Stream) is { } stream:
                ScheduleAck(now, stream, 0);
                break;
            case SentKind.StreamAck or SentKind.StreamRefused when TryGetEnded(element.Stream, out EndedStream ended):
                Reply(now, element.Stream, ended, refuse: element.Kind == SentKind.StreamRefused);
                break;
            default:
                return false;
        }

        _ackDue = Math.Min(_ackDue, now);
        return true;
    }

    private void ScheduleAck(long now, ReceiveStream stream, int cost)
    {
        stream.Unacknowledged += cost;
        ScheduleCredit(now, cost); // also for a duplicate: the grant may be lost together with the acknowledgement
        if (!stream.IsAckPending)
        {
            stream.IsAckPending = true;
            _acks.Enqueue(stream);
        }

        if (stream.Unacknowledged >= StreamAckThreshold)
            _ackDue = Math.Min(_ackDue, now);
    }

    // The value is copied, because the ended stream may be evicted before the reply is written.
    private void Reply(long now, ulong id, in EndedStream ended, bool refuse)
    {
        _replies[id] = (refuse || _replies.GetValueOrDefault(id).Refuse, ended);
        _creditPending |= !refuse;
        _ackDue = Math.Min(_ackDue, refuse ? now : now + _options.AckDelay);
    }

    private bool WriteReplies(ref FrameBuilder frame)
    {
        foreach ((ulong id, (bool refuse, EndedStream ended)) in _replies)
        {
            if (frame.Room < Math.Max(WireFormat.StreamAck, WireFormat.StreamRefused))
                return false;
            if (refuse)
                frame.StreamRefused(id, ended.Acknowledged, ended.CreditUsed);
            else
                frame.StreamAck(id, ended.Acknowledged, ended.CreditUsed, ended.CreditUsed + _streamWindow);
            _replies.Remove(id); // Remove does not invalidate the enumerator
        }

        return true;
    }
}
