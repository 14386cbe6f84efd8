namespace FastForward.Host.Actors;

/// <summary>
/// Divides what the node accepts among those who want to send, while it does not accept everything: after a window in
/// which it refused something, each may send at most the mean of that window. Without refusals the limit grows by an
/// eighth from window to window, used or not, and ends after a second.
/// </summary>
internal sealed class FairShare
{
    private static readonly TimeSpan s_window = TimeSpan.FromMicroseconds(10_000);
    private static readonly TimeSpan s_limited = TimeSpan.FromMicroseconds(1_000_000);

    private TimeSpan _end;
    private TimeSpan _endOfLimit;
    private long _window;
    private int _limit = int.MaxValue;
    private int _accepted;
    private int _users;
    private bool _refused;

    /// <summary>Whether one more datagram is within the share.</summary>
    public bool Allows(ShareUse use, TimeSpan now)
    {
        if (now >= _end)
            Turn(now);
        if (use.Window != _window)
        {
            (use.Window, use.Accepted) = (_window, 0);
            _users++;
        }

        return use.Accepted < _limit;
    }

    /// <summary>The node accepted a datagram.</summary>
    public void Accepted(ShareUse use)
    {
        use.Accepted++;
        _accepted++;
    }

    /// <summary>The node refused a datagram because it accepts no more for the moment.</summary>
    public void Refused() => _refused = true;

    private void Turn(TimeSpan now)
    {
        long quiet = (now - _end).Ticks / s_window.Ticks; // windows that have passed since the one that ends here
        if (_refused)
        {
            _limit = Math.Max(1, _accepted / Math.Max(1, _users));
            _endOfLimit = _end + s_limited;
        }
        else
            quiet++;

        if (now >= _endOfLimit)
            _limit = int.MaxValue;
        else
        {
            for (; quiet > 0; quiet--) // fewer than there are windows until the end of the limit
                _limit = (int)Math.Min(int.MaxValue, _limit + Math.Max(1L, _limit / 8));
        }

        _end = now + s_window;
        _window++;
        (_accepted, _users, _refused) = (0, 0, false);
    }
}
