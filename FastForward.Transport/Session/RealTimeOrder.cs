namespace FastForward.Transport.Session;

/// <summary>
/// The order of one incoming real-time stream: messages that arrived before others of it, and which of the last places
/// were delivered.
/// </summary>
internal sealed class RealTimeOrder
{
    /// <summary>The most messages that wait on one stream.</summary>
    public const int MaxHeld = 64;

    private ulong _delivered; // bit i: the place i + 1 below the expected one
    private long _run; // places below the expected one that were delivered, up to the first that was not
    private long _sentAt;
    private long _spacing = long.MaxValue;
    private ulong _sequence;
    private bool _hasSent;

    /// <summary>The messages that wait for others before them, by sequence.</summary>
    public List<HeldMessage> Held { get; } = [];

    /// <summary>When the first of <see cref="Held"/> is delivered in any case; long.MaxValue for none.</summary>
    public long ReleaseAt { get; set; } = long.MaxValue;

    /// <summary>Places that were skipped since the last message that was delivered.</summary>
    public ulong Skipped { get; set; }

    /// <summary>
    /// The least time between the sending of two messages of the stream, so far: a missing message was sent so much
    /// earlier than the next one. 0 while it is not known.
    /// </summary>
    public long Spacing => _spacing == long.MaxValue ? 0 : _spacing;

    /// <summary>Places are passed, without a message.</summary>
    public void Skip(ulong places)
    {
        Skipped += places;
        _run = 0;
        _delivered = places >= 64 ? 0 : _delivered << (int)places;
    }

    /// <summary>The expected place is delivered, or skipped because its message is too late.</summary>
    /// <param name="sequence">Its sequence.</param>
    /// <param name="sentAt">When its message was sent, plus the base transit.</param>
    /// <param name="isDelivered">It was delivered.</param>
    public void Pass(ulong sequence, long sentAt, bool isDelivered)
    {
        _delivered = (_delivered << 1) | (isDelivered ? 1ul : 0);
        _run = isDelivered ? _run + 1 : 0;
        if (_hasSent)
            LearnSpacing(sentAt - _sentAt, sequence - _sequence);
        (_sequence, _sentAt, _hasSent) = (sequence, sentAt, true);
    }

    /// <summary>A message came after its place was skipped: messages may be sent closer together.</summary>
    /// <param name="sequence">Its sequence.</param>
    /// <param name="sentAt">When it was sent, plus the base transit.</param>
    public void OnMissed(ulong sequence, long sentAt)
    {
        if (_hasSent && sequence < _sequence)
            LearnSpacing(_sentAt - sentAt, _sequence - sequence);
    }

    /// <summary>
    /// A place below the expected one was delivered. More than 64 below, all count as not delivered that are not above
    /// the last one that was not.
    /// </summary>
    /// <param name="below">How far below, from 1.</param>
    public bool WasDelivered(long below) =>
        below <= _run || (below <= 64 && (_delivered & (1ul << (int)(below - 1))) != 0);

    /// <summary>
    /// Where a message belongs in <see cref="Held"/>, or the complement of the place where the same one is.
    /// </summary>
    public int PlaceOf(ulong sequence)
    {
        int place = Held.Count;
        while (place > 0 && Held[place - 1].Sequence >= sequence)
        {
            place--;
            if (Held[place].Sequence == sequence)
                return ~place;
        }

        return place;
    }

    private void LearnSpacing(long time, ulong places) =>
        _spacing = Math.Min(_spacing, Math.Max(time, 0) / (long)Math.Max(places, 1));
}
