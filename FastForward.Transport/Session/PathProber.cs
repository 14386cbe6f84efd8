namespace FastForward.Transport.Session;

/// <summary>
/// Probes a path about once per interval. Only replies count: other incoming frames do not prove that the path works in
/// the outgoing direction.
/// </summary>
internal sealed class PathProber
{
    /// <summary>Unanswered probes in a row after which a path is suspect.</summary>
    public const int SuspectAfter = 3;

    /// <summary>The shortest interval that a peer can ask for.</summary>
    public const long ShortestInterval = 50_000;

    /// <summary>The longest interval of a node.</summary>
    public const long LongestInterval = 10_000_000;

    // While another path works, a silent one is probed more often.
    private const int Remembered = 16;
    private const long LongestLikely = 1_000_000;

    private readonly long[] _sentAt = new long[Remembered];
    private uint _next;
    private uint _answered;
    private uint _challengeFrom;
    private bool _challenged;
    private bool _isPending;
    private bool _awaitsReply; // since the last one was due

    public PathProber(long now) => Due = now;

    /// <summary>The time between two probes; 0 before <see cref="Start"/>.</summary>
    public long Interval { get; private set; }

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
        Due = now + Interval;
    }

    /// <summary>The interval of a path: the shorter one of its two nodes, within the bounds.</summary>
    /// <param name="own">That of this node.</param>
    /// <param name="peerMillis">That of the peer in milliseconds; 0 if it has not said it.</param>
    public static long Agree(long own, ushort peerMillis) =>
        peerMillis == 0 ? own : Math.Min(own, Math.Max(peerMillis * 1_000L, ShortestInterval));

    /// <summary>The path is established: the first probe is sent at once.</summary>
    public void Start(long now, long interval)
    {
        Interval = interval;
        _isPending = true;
        _awaitsReply = true;
        Due = now + Interval;
    }

    /// <summary>The path leads elsewhere: a probe is sent at once, and those before do not count.</summary>
    public void Restart(long now)
    {
        _answered = _next;
        _isPending = false;
        _awaitsReply = false;
        Missed = 0;
        Due = now;
    }

    /// <summary>Schedules the next probe and counts an unanswered one. Call at <see cref="Due"/>.</summary>
    public void OnDue(long now)
    {
        // A probe that could not be written, because the link accepts no frame, counts like a lost one.
        if (_awaitsReply)
            Missed++;
        _isPending = true;
        _awaitsReply = true;
        Due = now + (_challenged ? Interval / SuspectAfter : Interval);
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

    /// <summary>
    /// The time until a reply is a round trip. Where the peer stood still, the replies to older probes show only for
    /// how long.
    /// </summary>
    public static bool IsRoundTrip(long time, long smoothed) => time <= Math.Max(4 * smoothed, LongestLikely);

    /// <summary>Ignores outstanding probes, because this process did not run for a while.</summary>
    public void OnStall()
    {
        _answered = _next;
        _awaitsReply = false;
    }
}
