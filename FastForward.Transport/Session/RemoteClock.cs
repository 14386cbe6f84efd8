namespace FastForward.Transport.Session;

/// <summary>
/// Extends the 32-bit timestamps of a process to 64 bits, so that they can be compared after any silence: they wrap
/// after 71 minutes.
/// </summary>
internal struct RemoteClock
{
    private long _local;
    private long _remote;

    /// <summary>Extends a timestamp to the value nearest to the remote clock's expected one.</summary>
    /// <param name="now">The local time. Both clocks advance equally, so it tells how often the other wrapped.</param>
    /// <param name="timestamp">The timestamp of a frame that arrived now.</param>
    public long Extend(long now, uint timestamp)
    {
        long expected = _remote + (now - _local);
        _local = now;
        _remote = expected + (int)(timestamp - (uint)expected);
        return _remote;
    }
}
