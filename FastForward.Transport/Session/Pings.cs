using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// The probes to one peer that the application requested. Each ends exactly once: by its reply, by its timeout, with
/// its path, or because its path does not carry it.
/// </summary>
internal sealed class Pings(uint node, ISessionEvents events)
{
    /// <summary>The limit of outstanding probes to one peer.</summary>
    public const int MaxOutstanding = 256;

    // The ids of PathProber start at 0 and increase about once per second, so that they do not reach this range.
    private const uint FirstId = 0x8000_0000;

    private readonly List<Entry> _outstanding = [];
    private uint _nextId = FirstId;

    /// <summary>The id belongs to a requested probe, not to <see cref="PathProber"/>.</summary>
    public static bool IsPing(uint id) => id >= FirstId;

    /// <summary>When <see cref="OnTimeout"/> is due, possibly too early; long.MaxValue for never.</summary>
    public long NextTimeout { get; private set; } = long.MaxValue;

    public bool HasRoomFor(int count) => _outstanding.Count + count <= MaxOutstanding;

    /// <summary>Schedules a probe on a path. It is written with the next frame.</summary>
    public void Send(SessionPath path, long now, long timeout, int size, Action<PingResult> callback)
    {
        _outstanding.Add(new Entry(_nextId, path, now, now + timeout, WireFormat.ProbeReply + size, callback));
        _nextId = (_nextId + 1) | FirstId;
        path.PendingPings++;
        NextTimeout = Math.Min(NextTimeout, now + timeout);
    }

    /// <summary>Writes the path's probes, as far as they fit.</summary>
    public void Write(SessionPath path, ref FrameWriter frame)
    {
        for (int i = 0; i < _outstanding.Count && path.PendingPings > 0; i++)
        {
            Entry entry = _outstanding[i];
            if (entry.IsWritten || !ReferenceEquals(entry.Path, path))
                continue;
            if (entry.Size > frame.Capacity)
            {
                End(i--, PingOutcome.TooLong, entry.SentAt, 0);
                continue;
            }

            if (frame.Room < entry.Size)
                return;
            frame.WriteProbe(entry.Id, entry.Size);
            entry.IsWritten = true;
            path.PendingPings--;
        }
    }

    /// <summary>A reply arrived. It counts only on the path of its probe.</summary>
    public void OnReply(SessionPath path, long now, uint id, uint hold)
    {
        int index = _outstanding.FindIndex(entry => entry.Id == id && ReferenceEquals(entry.Path, path));
        if (index >= 0 && _outstanding[index].IsWritten)
            End(index, PingOutcome.Answered, now, hold);
    }

    public void OnTimeout(long now)
    {
        if (now >= NextTimeout)
            EndOverdue(now);
    }

    public void OnPathFinished(SessionPath path, long now) =>
        EndAll(entry => ReferenceEquals(entry.Path, path), PingOutcome.PathLost, now);

    public void OnAssociationEnded(long now) => EndAll(static _ => true, PingOutcome.PathLost, now);

    /// <summary>
    /// Extends the deadlines by a time in which this process did not run: replies may be waiting to be read.
    /// </summary>
    public void OnStall(long duration)
    {
        foreach (Entry entry in _outstanding)
            entry.Deadline += duration;
        UpdateTimeout();
    }

    // A separate method, because a closure is allocated on entry to its method, even when nothing is due.
    private void EndOverdue(long now)
    {
        EndAll(entry => now >= entry.Deadline, PingOutcome.TimedOut, now);
        UpdateTimeout();
    }

    private void UpdateTimeout()
    {
        NextTimeout = long.MaxValue;
        foreach (Entry entry in _outstanding)
            NextTimeout = Math.Min(NextTimeout, entry.Deadline);
    }

    private void EndAll(Predicate<Entry> hasEnded, PingOutcome outcome, long now)
    {
        while (_outstanding.FindIndex(hasEnded) is >= 0 and int index)
            End(index, outcome, now, 0);
    }

    private void End(int index, PingOutcome outcome, long now, uint hold)
    {
        Entry entry = _outstanding[index];
        _outstanding.RemoveAt(index);
        if (!entry.IsWritten)
            entry.Path.PendingPings--;
        long took = outcome == PingOutcome.Answered ? now - entry.SentAt : 0;
        bool isInUse = ReferenceEquals(entry.Path, entry.Path.Peer.SendPath);
        events.PingEnded(
            new PingResult(
                node,
                outcome,
                entry.Path.Kind,
                isInUse,
                TimeSpan.FromMicroseconds(took),
                TimeSpan.FromMicroseconds(outcome == PingOutcome.Answered ? hold : 0L)
            )
            {
                Remote = entry.Path.Source.EndPoint,
                Local = entry.Path.Peer.LocalOf(entry.Path),
            },
            entry.Callback
        );
    }

    private sealed class Entry(
        uint id,
        SessionPath path,
        long sentAt,
        long deadline,
        int size,
        Action<PingResult> callback
    )
    {
        public uint Id => id;

        public SessionPath Path => path;

        public long SentAt => sentAt;

        public long Deadline { get; set; } = deadline;

        /// <summary>Bytes of the element.</summary>
        public int Size => size;

        public bool IsWritten { get; set; }

        public Action<PingResult> Callback => callback;
    }
}
