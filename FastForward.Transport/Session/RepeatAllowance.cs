namespace FastForward.Transport.Session;

/// <summary>
/// Limits the bytes of real-time messages that are sent again to a share of the fresh ones: where more is lost, the
/// path is congested or so bad that repetition does not help.
/// </summary>
internal struct RepeatAllowance
{
    private const int Burst = 4_400; // four of the longest messages

    private long _left = Burst * 100L; // in hundredths of a byte

    public RepeatAllowance() { }

    /// <summary>A fresh message was written.</summary>
    /// <param name="bytes">Its length.</param>
    /// <param name="percent">The share that may be sent again.</param>
    public void Earn(int bytes, int percent) => _left = Math.Min(_left + ((long)bytes * percent), Burst * 100L);

    /// <summary>Takes the bytes of a message that is to be written again.</summary>
    /// <returns>False when the allowance is used up.</returns>
    public bool TryUse(int bytes)
    {
        if (_left <= 0)
            return false;
        _left -= bytes * 100L;
        return true;
    }
}
