namespace FastForward.Transport.Session;

/// <summary>
/// Limits the bytes of real-time messages that are sent again to a tenth of the fresh ones: where more is lost, the
/// path is congested or so bad that repetition does not help.
/// </summary>
internal struct RepeatAllowance
{
    private const int Share = 10;
    private const int Burst = 4_400; // four of the longest messages

    private int _used; // in fresh bytes, above what was earned

    /// <summary>A fresh message was written.</summary>
    public void Earn(int bytes) => _used = Math.Max(_used - bytes, 0);

    /// <summary>Takes the bytes of a message that is to be written again.</summary>
    /// <returns>False when the allowance is used up.</returns>
    public bool TryUse(int bytes)
    {
        if (_used > Burst * Share)
            return false;
        _used += bytes * Share;
        return true;
    }
}
