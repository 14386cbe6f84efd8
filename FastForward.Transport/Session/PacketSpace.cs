using FastForward.Transport.Session.Recovery;

namespace FastForward.Transport.Session;

/// <summary>
/// The packet numbers of one path. What a path does for delivery is decided here, once, from the traits of its link: on
/// an ordered medium the numbers are only checked; on any other one frames are acknowledged, and lost ones found.
/// </summary>
internal sealed class PacketSpace
{
    private readonly ReplayWindow? _received;

    /// <param name="isOrdered">Each frame arrives, in order and once, or the link closes.</param>
    /// <param name="frameSize">Bytes of a full frame.</param>
    /// <param name="replayWindow">How far behind the highest number a frame may be.</param>
    /// <param name="measurement">The round trip of the path.</param>
    /// <param name="listener">Learns what arrived and what is lost.</param>
    public PacketSpace(
        bool isOrdered,
        int frameSize,
        int replayWindow,
        PathMeasurement measurement,
        ILossListener listener
    )
    {
        if (isOrdered)
            return;
        _received = new ReplayWindow(replayWindow);
        Acks = new AckSchedule(_received);
        Recovery = new LossRecovery(frameSize, measurement, listener);
    }

    /// <summary>The acknowledgements to send; null on an ordered medium.</summary>
    public AckSchedule? Acks { get; }

    /// <summary>Recovery of lost frames; null on an ordered medium.</summary>
    public LossRecovery? Recovery { get; }

    /// <summary>The number of the next frame to send, and how many were sent.</summary>
    public ulong Next { get; private set; }

    /// <summary>A frame was written, with the number <see cref="Next"/>.</summary>
    public void OnSent(long now, int bytes, in FrameBuilder frame)
    {
        Next++;
        Recovery?.OnSent(now, bytes, frame.IsEliciting, frame.IsReliable);
    }

    /// <summary>The number that an ordered medium must deliver next.</summary>
    public ulong Expected { get; private set; }

    /// <summary>One more than the highest number that has arrived.</summary>
    public ulong Received => _received?.Next ?? Expected;

    /// <summary>Checks the number of a frame that is not authenticated yet.</summary>
    public ReplayCheck Check(ulong number) =>
        _received?.Check(number) ?? (number == Expected ? ReplayCheck.Fresh : ReplayCheck.Duplicate);

    /// <summary>Whether a number is above all that have arrived.</summary>
    public bool IsHighest(ulong number) => number >= Received;

    /// <summary>Records the number of an authentic frame.</summary>
    public void Commit(long now, ulong number)
    {
        if (_received is null)
        {
            Expected++;
            return;
        }

        bool isExpected = number == _received.Next;
        _received.Commit(number);
        Acks!.OnReceived(now, number, isExpected);
    }

    /// <summary>
    /// The content of the frame was not taken: it is not acknowledged, so the peer sends it again in another frame.
    /// </summary>
    public void Refuse(ulong number) => _received?.Refuse(number);
}
