namespace FastForward.Transport.Session;

/// <summary>
/// Probes a path about once per interval. Only replies count: other incoming frames do not prove that the path works in
/// the outgoing direction.
/// </summary>
internal sealed class PathProber
{
    /// <summary>Unanswered probes in a row after which a path is suspect.</summary>
    public const int SuspectAfter = 3;

    // While another path works, a silent one is probed ten times as often.
    private const int Remembered = 16;

    private readonly long _interval;
    private readonly long[] _sentAt = new long[Remembered];
    private uint _next;
    private uint _answered;
    private uint _challengeFrom;
    private bool _challenged;
    private bool _isPending;
    private bool _awaitsReply; // since the last one was due

    public PathProber(long now, long interval)
    {
        _interval = interval;
        Due = now;
    }

    /// <summary>When the next probe is due.</summary>
    public long Due { get; private set; }

    /// <summary>Probes in a row without an answer.</summary>
    public int Missed { get; private set; }

    /// <summary>All probes were written and answered.</summary>
    public bool IsAnswered => _answered == _next && !_isPending;

    /// <summary>A reply has come since the last regular probe was due.</summary>
    public bool IsAnswering => !_awaitsReply;

    /// <summary>A probe must be written.</summary>
    public bool IsPending => _isPending;

    /// <summary>
    /// Another process claims the peer's node id: the path must answer within one interval instead of three.
    /// </summary>
    public void Challenge(long now)
    {
        if (_challenged)
            return;
        _challenged = true;
        _challengeFrom = _next;
        Missed = 0;
        _answered = _next;
        _awaitsReply = false;
        Due = now;
    }

    public bool IsChallenged => _challenged;

    /// <summary>Ends the challenge, because it was answered on another path.</summary>
    public void EndChallenge(long now)
    {
        if (!_challenged)
            return;
        _challenged = false;
        Missed = 0;
        Due = now + _interval;
    }

    /// <summary>The path is established: the first probe is sent at once.</summary>
    public void Start(long now)
    {
        _isPending = true;
        _awaitsReply = true;
        Due = now + _interval;
    }

    /// <summary>Schedules the next probe and counts an unanswered one. Call at <see cref="Due"/>.</summary>
    public void OnDue(long now)
    {
        // A probe that could not be written, because the link accepts no frame, counts like a lost one.
        if (_awaitsReply)
            Missed++;
        _isPending = true;
        _awaitsReply = true;
        Due = now + (_challenged ? _interval / SuspectAfter : _interval);
    }

    /// <summary>Another probe than the regular ones is sent, at once.</summary>
    public void Ask() => _isPending = true;

    /// <summary>Returns the id of the pending probe, which the caller must write.</summary>
    public uint Take(long now)
    {
        _isPending = false;
        _sentAt[_next % Remembered] = now;
        return _next++;
    }

    /// <summary>Processes a reply.</summary>
    /// <returns>
    /// The round-trip time in microseconds, or -1 when the reply matches no recent probe. Both nodes read their clocks
    /// once per duty cycle, so the reported hold time may exceed the measured round trip. The
    /// result is then 0, and the reply counts.
    /// </returns>
    public long OnReply(long now, uint id, uint holdMicros, out bool challengeAnswered)
    {
        challengeAnswered = false;
        uint age = _next - id;
        if (age is 0 or > Remembered)
            return -1;
        Missed = 0;
        _awaitsReply = false;
        if ((int)(id + 1 - _answered) > 0)
            _answered = id + 1;
        if (_challenged && (int)(id - _challengeFrom) >= 0)
        {
            _challenged = false;
            challengeAnswered = true;
        }

        return Math.Max(now - _sentAt[id % Remembered] - holdMicros, 0);
    }

    /// <summary>Ignores outstanding probes, because this process did not run for a while.</summary>
    public void OnStall()
    {
        _answered = _next;
        _awaitsReply = false;
    }
}
