namespace FastForward.Transport.Session;

/// <content>A second path for real-time messages, beside the one that carries them.</content>
internal sealed partial class Peer
{
    // The first message after so long a silence may be the first thing that a dead path loses.
    private const long StartAfter = 1_000_000;

    // After a move the former path is used beside the new one for as long as their transits may differ, at most this.
    private const long LongestOverlap = 1_000_000;
    private const long LeastOverlap = 20_000;

    // A path on which messages arrived so long ago, and a path that old without any, has none on the way.
    private const long StillArrives = 2_000_000;

    private SessionPath? _overlapPath;
    private long _overlapUntil = long.MaxValue;
    private long _startedAt = long.MaxValue;
    private long _lastRealTime = long.MinValue / 2;

    /// <summary>Real-time messages take this path as well; null for none.</summary>
    public SessionPath? SecondPath { get; private set; }

    /// <summary>
    /// Real-time messages that were lost are sent again on this path: the one of the two in use over which they come
    /// sooner.
    /// </summary>
    public SessionPath? RepeatPath { get; private set; }

    /// <summary>Another path works, as far as it is known.</summary>
    public bool HasAlternative(SessionPath path)
    {
        foreach (SessionPath other in _paths)
        {
            if (
                !ReferenceEquals(other, path)
                && other is { IsSound: true, IsDoubtful: false }
                && _association.Owns(other)
            )
                return true;
        }

        return false;
    }

    /// <summary>The path owes an answer for too long.</summary>
    public void OnDoubtful(SessionPath path, long now)
    {
        Statistics.Doubted();
        if (!_association.Owns(path))
            return;
        // If it is the peer that is silent, and not the path, the others show it.
        foreach (SessionPath other in _paths)
        {
            if (!ReferenceEquals(other, path))
                other.Ask(now);
        }

        if (ReferenceEquals(path, ReliablePath) && !path.IsOrdered)
            ChoosePath(now, PathChange.Silent, $"{NameOf(path)} path is silent");
        ChooseSecond(now);
        Driver.OnPending();
    }

    /// <summary>Messages take the path.</summary>
    public bool IsInUse(SessionPath path) => ReferenceEquals(path, SendPath) || ReferenceEquals(path, ReliablePath);

    /// <summary>The path owes an answer for a second. Where messages have left it for that, it was reported.</summary>
    public void OnLongSilence(SessionPath path, bool wasUnused)
    {
        bool isUsed = ReferenceEquals(path, SendPath);
        if (isUsed ? !path.IsSuspect : wasUnused)
            Notify(PeerEventKind.Silent, path, isUsed ? "no answer for 1 s" : "no answer for 1 s; it is not in use");
    }

    /// <summary>Something that was sent on the path has arrived.</summary>
    public void OnConfirmed(SessionPath path, long now)
    {
        if (!ReferenceEquals(path, SendPath))
            return;
        // An answer that comes earlier may be to something that was sent before.
        if (_startedAt != long.MaxValue && now - _startedAt > path.LongestAnswer)
            _startedAt = long.MaxValue;
        if (SecondPath is not null)
            ChooseSecond(now);
    }

    /// <summary>The path was doubtful and is not for some time.</summary>
    public void OnSteady(SessionPath path, long now) =>
        ChoosePath(now, PathChange.Returned, $"{NameOf(path)} path answers again");

    private bool IsUnreliableBeside(SessionPath path, SessionPath other) =>
        !ReferenceEquals(other, path)
        && other.Way == path.Way
        && (other.IsSuspect || other.IsReturning)
        && _association.Owns(other);

    // The first real-time message after a silence: whether the path still works is not known before it is confirmed.
    private void OnRealTimeSend(long now)
    {
        bool isFirst = now - _lastRealTime > StartAfter;
        _lastRealTime = now;
        if (_paths.Count < 2)
            return;
        if (isFirst)
        {
            _startedAt = now;
            ChooseSecond(now);
        }
        else if (_startedAt != long.MaxValue && SendPath is { IsOrdered: true })
        {
            _startedAt = long.MaxValue; // nothing is confirmed there
            ChooseSecond(now);
        }
    }

    private void ChooseSecond(long now)
    {
        SessionPath? second = FindSecond(now);
        bool isNew = second is not null && !ReferenceEquals(second, SecondPath);
        SecondPath = second;
        ChooseRepeatPath();
        Sender sender = _association.Sender;
        sender.SetSecond(second?.Id ?? 0, second?.LargestRealTime ?? 0);
        if (second is not null && (isNew || SendPath is { IsDoubtful: true }))
        {
            if (SendPath is { IsDoubtful: true })
                sender.DuplicateTail(now);
            Driver.OnPending();
        }
    }

    private void ChooseRepeatPath()
    {
        bool isSooner =
            SecondPath is { IsDoubtful: false } second
            && SendPath is { IsOrdered: false } first
            && second.LargestRealTime >= first.LargestRealTime
            && (first.IsDoubtful || second.IsSoonerThan(first));
        RepeatPath = isSooner ? SecondPath : SendPath;
    }

    private SessionPath? FindSecond(long now)
    {
        if (Options.PathRedundancy == PathRedundancy.Off || SendPath is null)
            return null;
        if (
            now < _overlapUntil
            && _overlapPath is { IsSound: true, IsDoubtful: false } former
            && _association.Owns(former)
            && former.Way != SendPath.Way
        )
            return former;
        bool isWanted =
            Options.PathRedundancy == PathRedundancy.Always || SendPath.IsDoubtful || _startedAt != long.MaxValue;
        if (!isWanted)
            return null;
        SessionPath? best = null;
        foreach (SessionPath path in _paths)
        {
            if (
                !ReferenceEquals(path, SendPath)
                && path is { IsSound: true, AwaitsPeer: false }
                && (path.Way != SendPath.Way || SendPath.IsDoubtful) // crossed links share what happens to them
                && _association.Owns(path)
                && (best is null || PathChoice.IsBetterSecond(path, best))
            )
                best = path;
        }

        return best;
    }

    // Messages that are still on their way on the former path were sent there before those on the new one: both carry
    // what is sent now, until the former path has delivered everything.
    private void BeginOverlap(SessionPath former, SessionPath path, long now)
    {
        bool isUsable = former.IsSound && _association.Owns(former);
        long slowest = isUsable ? former.Figures?.PeerReport?.Q99 ?? 0 : 0;
        _overlapPath = isUsable ? former : null;
        _overlapUntil = now + Math.Clamp(Math.Max(slowest, LeadOf(former, path)), LeastOverlap, LongestOverlap);
    }

    // A time in which this process did not run.
    private void ExtendRedundancy(long duration)
    {
        if (_overlapUntil != long.MaxValue)
            _overlapUntil += duration;
        if (_startedAt != long.MaxValue)
            _startedAt += duration;
    }

    private void EndOverlap(long now)
    {
        _overlapPath = null;
        _overlapUntil = long.MaxValue;
        ChooseSecond(now);
        CloseFormer(now);
    }

    // How much shorter the new way is. The base transits are times by the same two clocks.
    private static long LeadOf(SessionPath former, SessionPath path)
    {
        long lead =
            former.Figures?.PeerReport is { } before && path.Figures?.PeerReport is { } after
                ? (int)(before.Base - after.Base)
                : (former.Measurement.SmoothedRoundTrip - path.Measurement.SmoothedRoundTrip) / 2;
        return Math.Max(lead, 0);
    }

    // The routes that they were opened for have changed, and others carry what they can.
    private void CloseFormer(long now)
    {
        // Reliable messages may still take a former path that identifies the peer better; they follow when it closes.
        if (SendPath is not { IsSound: true, Rank: not PathRank.Former } || _overlapUntil != long.MaxValue)
            return;
        foreach (SessionPath path in _paths.ToArray())
        {
            if (path is { Rank: PathRank.Former, IsEstablished: true } && _association.Owns(path))
                path.Close(now, Wire.CloseReason.RouteChanged, "the route changed");
        }
    }

    // Messages of one stream that come over ways of different lengths: the longest of them counts, as long as messages
    // may still come over it. Otherwise those on the longer way would be late because others took a shorter one.
    private FrameArrival Align(SessionPath path, long now, in FrameArrival arrival)
    {
        path.LastRealTime = now;
        long lead = 0;
        bool isAlone = true;
        foreach (SessionPath other in _paths)
        {
            if (ReferenceEquals(other, path) || now - other.LastRealTime >= StillArrives || !_association.Owns(other))
                continue;
            isAlone = false;
            if (other.Figures is { Transits.Count: > 0 } figures)
                lead = Math.Max(lead, (int)(figures.Transits.Base - path.Figures!.Transits.Base));
        }

        return isAlone
            ? arrival
            : arrival with
            {
                IsOrdered = false,
                Excess = arrival.Excess - lead,
                Slowest = long.MaxValue,
            };
    }
}
