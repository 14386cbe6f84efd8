using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session.Recovery;

/// <summary>
/// Which packets of a path are to be acknowledged, and when. An acknowledgement names the highest packet that arrived
/// and, in a bitmap, those below it. It reaches down to the lowest one of which the peer may not know yet.
/// </summary>
/// <param name="received">The packets that have arrived.</param>
internal sealed class AckSchedule(ReplayWindow received)
{
    /// <summary>How long a packet may wait for its acknowledgement.</summary>
    public const long MaxDelay = 10_000;

    // Two in a row, or any that shows a gap, are acknowledged at once; but no more than one frame per millisecond is
    // sent for it: with jitter nearly every packet shows a gap.
    private const int MaxPending = 2;
    private const long MinInterval = 1_000;

    // The bitmap must not become too short for what arrives within a millisecond.
    private const int AlwaysPending = 32;

    private const int LongBitmap = 2;
    private const long AskInterval = 100_000;

    private long _largestAt;
    private long _askedAt = long.MinValue / 2;
    private int _pending;
    private bool _hasGap;
    private long _writtenAt = long.MinValue / 2;
    private ulong _lowest = ulong.MaxValue;

    // One acknowledgement at a time is followed until the peer has it: what arrived since is not in it.
    private ulong _followed = ulong.MaxValue;
    private ulong _lowestSinceFollowed = ulong.MaxValue;

    /// <summary>When an acknowledgement is due; long.MaxValue for none.</summary>
    public long Due { get; private set; } = long.MaxValue;

    /// <summary>A packet arrived.</summary>
    /// <param name="now">The time.</param>
    /// <param name="number">Its number, which <see cref="ReplayWindow.Commit"/> has recorded.</param>
    /// <param name="isExpected">It is the next one in order.</param>
    public void OnReceived(long now, ulong number, bool isExpected)
    {
        if (number + 1 == received.Next)
            _largestAt = now;
        _lowest = Math.Min(_lowest, number);
        _lowestSinceFollowed = Math.Min(_lowestSinceFollowed, number);
        _hasGap |= !isExpected;
    }

    /// <summary>The packet asks for an acknowledgement.</summary>
    public void OnElicited(long now)
    {
        _pending++;
        bool isUrgent = _hasGap || _pending >= MaxPending;
        if (_pending >= AlwaysPending)
            Due = Math.Min(Due, now);
        else
            Due = Math.Min(Due, isUrgent ? Math.Max(now, _writtenAt + MinInterval) : now + MaxDelay);
    }

    /// <summary>Writes the acknowledgement, if one is pending and fits.</summary>
    /// <param name="now">The time.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="number">The number of the frame.</param>
    public void Write(long now, ulong number, ref FrameBuilder frame)
    {
        if (_pending == 0 || frame.Room < WireFormat.Ack)
            return;
        if (!TryGetLargest(out ulong largest))
        {
            // All that arrived within the window was refused.
            _pending = 0;
            Due = long.MaxValue;
            return;
        }

        int words = (int)Math.Min(((largest - Math.Min(_lowest, largest)) + 63) / 64, WireFormat.MaxAckWords);
        words = Math.Min(words, (frame.Room - WireFormat.Ack) / 8);
        Span<ulong> bitmap = stackalloc ulong[WireFormat.MaxAckWords];
        for (int i = 0; i < words; i++)
            bitmap[i] = Bits(largest, i);
        // Where nothing else asks for acknowledgements, this side would never learn what the peer knows already.
        bool asks = words >= LongBitmap && now - _askedAt >= AskInterval;
        if (asks)
            _askedAt = now;
        frame.Ack(largest, now - _largestAt, bitmap[..words], asks);
        if (_followed == ulong.MaxValue || asks)
        {
            _followed = number;
            _lowestSinceFollowed = ulong.MaxValue;
        }

        _pending = 0;
        _hasGap = false;
        _writtenAt = now;
        Due = long.MaxValue;
    }

    /// <summary>The peer has a frame with an acknowledgement.</summary>
    public void OnAcknowledged(ulong number)
    {
        if (number != _followed)
            return;
        _lowest = _lowestSinceFollowed;
        _followed = ulong.MaxValue;
    }

    /// <summary>A frame with an acknowledgement was lost.</summary>
    public void OnLost(ulong number)
    {
        if (number == _followed)
            _followed = ulong.MaxValue;
    }

    // The highest one may have been refused.
    private bool TryGetLargest(out ulong largest)
    {
        ulong end = received.Next - Math.Min(received.Next, received.Size);
        largest = received.Next;
        while (largest > end)
        {
            if (received.IsTaken(--largest))
                return true;
        }

        return false;
    }

    // Bit i of word w: the packet that lies 1 + 64 w + i below the highest.
    private ulong Bits(ulong largest, int word)
    {
        ulong bits = 0;
        ulong below = 1 + (64 * (ulong)word);
        for (int i = 0; i < 64 && below + (ulong)i <= largest; i++)
        {
            ulong number = largest - below - (ulong)i;
            if (received.Next - number <= received.Size && received.IsTaken(number))
                bits |= 1ul << i;
        }

        return bits;
    }
}
