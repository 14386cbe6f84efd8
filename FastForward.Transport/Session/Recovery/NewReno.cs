namespace FastForward.Transport.Session.Recovery;

/// <summary>
/// The congestion window of a path, in bytes: NewReno as in RFC 9002, section 7. Times are in microseconds.
/// </summary>
internal sealed class NewReno(int frameSize)
{
    private long _threshold = long.MaxValue;
    private long _recoveryStart = long.MinValue;
    private long _acknowledged;

    /// <summary>The least window: two frames.</summary>
    public long Minimum => 2L * frameSize;

    /// <summary>Bytes that may be in flight. Begins with ten frames.</summary>
    public long Window { get; private set; } = 10L * frameSize;

    /// <summary>The path leads elsewhere: the window begins anew.</summary>
    public void Restart()
    {
        Window = 10L * frameSize;
        _threshold = long.MaxValue;
        _recoveryStart = long.MinValue;
        _acknowledged = 0;
    }

    /// <summary>A frame in flight was acknowledged.</summary>
    /// <param name="sentAt">When it was sent.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="isLimited">The window limits the sender. Otherwise it does not grow: nothing tests it.</param>
    public void OnAcknowledged(long sentAt, int bytes, bool isLimited)
    {
        if (!isLimited || sentAt <= _recoveryStart)
            return;
        if (Window < _threshold)
        {
            // Slow start.
            Window += bytes;
            return;
        }

        _acknowledged += bytes;
        if (_acknowledged < Window)
            return;
        _acknowledged -= Window;
        Window += frameSize;
    }

    /// <summary>A frame was lost. Losses of one flight halve the window once.</summary>
    /// <param name="now">The time.</param>
    /// <param name="sentAt">When the frame was sent.</param>
    public void OnLost(long now, long sentAt)
    {
        if (sentAt <= _recoveryStart)
            return;
        _recoveryStart = now;
        Window = Math.Max(Window / 2, Minimum);
        _threshold = Window;
        _acknowledged = 0;
    }

    /// <summary>Nothing has been acknowledged for several probe time-outs: RFC 9002, section 7.6.</summary>
    public void OnPersistentCongestion()
    {
        Window = Minimum;
        _recoveryStart = long.MinValue;
    }
}
