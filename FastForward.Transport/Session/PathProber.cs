namespace FastForward.Transport.Session;

/// <summary>
/// Asks the far end of a path for a sign of life about once an interval. Only answers count as life: frames that merely
/// come in would call a path sound that carries nothing in the other direction.
/// </summary>
internal sealed class PathProber
{
    /// <summary>Unanswered probes after which a path is suspect.</summary>
    public const int SuspectAfter = 3;

    private const int Remembered = 4;

    private readonly long _interval;
    private readonly long[] _sentAt = new long[Remembered];
    private uint _next;
    private uint _answered;
    private uint _challengeFrom;
    private bool _challenged;
    private bool _isPending;

    public PathProber(long now, long interval)
    {
        _interval = interval;
        Due = now;
    }

    /// <summary>When the next probe is due.</summary>
    public long Due { get; private set; }

    /// <summary>Probes in a row without an answer.</summary>
    public int Missed { get; private set; }

    /// <summary>A probe is to be written.</summary>
    public bool IsPending => _isPending;

    /// <summary>
    /// Somebody else claims the peer's id: the path has to prove itself within one interval instead of three.
    /// </summary>
    public void Challenge(long now)
    {
        if (_challenged)
            return;
        _challenged = true;
        _challengeFrom = _next;
        Missed = 0;
        _answered = _next;
        Due = now;
    }

    public bool IsChallenged => _challenged;

    /// <summary>The question was settled on another path.</summary>
    public void EndChallenge(long now)
    {
        if (!_challenged)
            return;
        _challenged = false;
        Missed = 0;
        Due = now + _interval;
    }

    /// <summary>The path was established: the first probe leaves at once.</summary>
    public void Start(long now)
    {
        _isPending = true;
        Due = now + _interval;
    }

    /// <summary>The time-out at <see cref="Due"/> came.</summary>
    public void OnDue(long now)
    {
        // One that could not even be written, because the link takes nothing, is as unanswered as one that got lost.
        if (_answered != _next || _isPending)
            Missed++;
        _isPending = true;
        Due = now + (_challenged ? _interval / SuspectAfter : _interval);
    }

    /// <summary>Takes the owed probe for writing.</summary>
    public uint Take(long now)
    {
        _isPending = false;
        _sentAt[_next % Remembered] = now;
        return _next++;
    }

    /// <summary>An answer came.</summary>
    /// <returns>
    /// The round trip in microseconds, or -1 when the answer fits no recent probe. Both clocks tick in duty cycles, so the
    /// far end may believe that it held the probe longer than the whole round trip took: that is still a sign of life.
    /// </returns>
    public long OnReply(long now, uint id, uint holdMicros, out bool challengeAnswered)
    {
        challengeAnswered = false;
        uint age = _next - id;
        if (age is 0 or > Remembered)
            return -1;
        Missed = 0;
        if ((int)(id + 1 - _answered) > 0)
            _answered = id + 1;
        if (_challenged && (int)(id - _challengeFrom) >= 0)
        {
            _challenged = false;
            challengeAnswered = true;
        }

        return Math.Max(now - _sentAt[id % Remembered] - holdMicros, 0);
    }

    /// <summary>This process did not run for a while: silence of that time proves nothing.</summary>
    public void OnStall() => _answered = _next;
}
