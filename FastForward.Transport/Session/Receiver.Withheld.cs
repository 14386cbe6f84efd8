namespace FastForward.Transport.Session;

/// <content>
/// Messages that the application has not taken yet: they are not acknowledged, so that the sender reports them if they
/// are refused.
/// </content>
internal sealed partial class Receiver
{
    public void Withhold(object stream, ulong sequence)
    {
        ReceiveStream withheld = (ReceiveStream)stream;
        withheld.WithheldFrom = Math.Min(withheld.WithheldFrom, sequence);
        if (withheld.IsEnded)
            _ended.Update(withheld.Id, withheld.AsEnded);
    }

    public void AcceptWithheld(long now, object stream)
    {
        ReceiveStream accepted = (ReceiveStream)stream;
        if (accepted.WithheldFrom == ulong.MaxValue || accepted.IsRefused)
            return;
        accepted.WithheldFrom = ulong.MaxValue;
        if (accepted.IsEnded)
        {
            _ended.Update(accepted.Id, accepted.AsEnded);
            Reply(now, accepted.Id, refuse: false);
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
            _ended.Update(refused.Id, refused.AsEnded);
        else
            Forget(refused);
        Reply(now, refused.Id, refuse: true);
    }
}
