namespace FastForward.Transport.Session;

/// <content>
/// Messages that the application has not taken yet: they are not acknowledged, so that the sender reports them if they
/// are refused.
/// </content>
internal sealed partial class Receiver
{
    // Ended streams with withheld messages. They are not among those that can be evicted: a repetition of a message
    // that the application still has would be delivered again. Bounded by the messages that the application withholds.
    private readonly Dictionary<ulong, ReceiveStream> _withheld = [];

    public void Withhold(object stream, ulong sequence)
    {
        ReceiveStream withheld = (ReceiveStream)stream;
        withheld.WithheldFrom = Math.Min(withheld.WithheldFrom, sequence);
        if (withheld is { IsEnded: true, IsRefused: false })
            _withheld.TryAdd(withheld.Id, withheld);
    }

    public void AcceptWithheld(long now, object stream)
    {
        ReceiveStream accepted = (ReceiveStream)stream;
        if (accepted.WithheldFrom == ulong.MaxValue || accepted.IsRefused)
            return;
        accepted.WithheldFrom = ulong.MaxValue;
        if (accepted.IsEnded)
        {
            SetEnded(accepted);
            Reply(now, accepted.Id, accepted.AsEnded, refuse: false);
        }
        else
        {
            ScheduleAck(now, accepted, 0);
        }
    }

    public void Refuse(long now, object stream, ulong sequence)
    {
        ReceiveStream refused = (ReceiveStream)stream;
        if (refused.IsRefused)
            return;
        refused.IsRefused = true;
        // Repetitions of the refused messages are beyond the end then, and are refused again.
        refused.Expected = Math.Min(refused.Acknowledgeable, sequence);
        refused.WithheldFrom = ulong.MaxValue;
        if (refused.IsEnded)
            SetEnded(refused);
        else
            Forget(refused);
        Reply(now, refused.Id, refused.AsEnded, refuse: true);
    }

    private bool TryGetEnded(ulong id, out EndedStream ended)
    {
        if (!_withheld.TryGetValue(id, out ReceiveStream? stream))
            return _ended.TryGet(id, out ended);
        ended = stream.AsEnded;
        return true;
    }

    private void SetEnded(ReceiveStream stream)
    {
        _withheld.Remove(stream.Id);
        _ended.Set(stream.Id, stream.AsEnded);
    }
}
