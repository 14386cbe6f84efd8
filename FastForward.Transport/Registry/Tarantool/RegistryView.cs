namespace FastForward.Transport.Registry.Tarantool;

/// <summary>
/// Decides which of a registry's servers is believed, as a pure state machine. Within one replica set rows never go
/// back: a server that lacks writes is ignored until it has them. Not thread-safe.
/// </summary>
/// <remarks>
/// <para>A server that lacks writes but has others instead is believed when no server has what is in use for
/// <see cref="LastingMicros"/>: replication would have joined both by then, so what it lacks died with another
/// server.</para>
/// <para>Another replica set is believed when no server of the former one has answered for as long, unless it is empty:
/// a server that was set up anew and has no rows yet must not disconnect all nodes, and does not count when it was the
/// first to answer.</para>
/// <para>A server that cannot say which writes it has is believed when it is the first of those that answer, and no
/// server could before.</para>
/// </remarks>
/// <param name="servers">The number of servers, in falling preference.</param>
internal sealed class RegistryView(int servers)
{
    /// <summary>
    /// How long a server must stay diverged, or a replica set away, before another one is believed.
    /// </summary>
    public const long LastingMicros = 10_000_000;

    private readonly RegistryAnswer?[] _answers = new RegistryAnswer?[servers];
    private readonly RegistryServerState[] _states = new RegistryServerState[servers];
    private readonly long[] _divergedSince = new long[servers];
    private long _absentSince; // no server of the replica set in use has answered; 0 while one does
    private long _firstAt; // the first answer came
    private bool _hadRows;

    /// <summary>The answer in use; null before the first one.</summary>
    public RegistryAnswer? Current { get; private set; }

    /// <summary>The server whose answer is in use; -1 when it was restored from a cache.</summary>
    public int CurrentServer { get; private set; } = -1;

    /// <summary>When <see cref="Evaluate"/> should run although no server has said anything; 0 for never.</summary>
    public long EvaluateAt { get; private set; }

    /// <summary>What each server is worth.</summary>
    public IReadOnlyList<RegistryServerState> States => _states;

    /// <summary>Whether a server answers whose rows are in use.</summary>
    public bool IsConfirmed => Array.IndexOf(_states, RegistryServerState.Current) >= 0;

    /// <summary>The last answer of a server; null while it does not answer.</summary>
    public RegistryAnswer? AnswerOf(int server) => _answers[server];

    /// <summary>Starts with what a former process knew.</summary>
    public void Restore(RegistryAnswer answer)
    {
        Current = answer;
        _hadRows = !answer.Content.IsEmpty;
    }

    /// <summary>A server has answered. <see cref="Evaluate"/> must follow.</summary>
    public void OnAnswer(int server, RegistryAnswer answer) => _answers[server] = answer;

    /// <summary>A server does not answer any more, or refuses. <see cref="Evaluate"/> must follow.</summary>
    public void OnFailure(int server, RegistryServerState state)
    {
        _answers[server] = null;
        _states[server] = state;
        _divergedSince[server] = 0;
    }

    /// <summary>Takes what the first answering server says, whatever was known before.</summary>
    /// <returns>What is in use now; null when no server answers. <see cref="Evaluate"/> must follow.</returns>
    public RegistryChange? Accept()
    {
        int server = Array.FindIndex(_answers, static answer => answer is not null);
        return server < 0 ? null : Use(server, RegistryChangeReason.Accepted);
    }

    /// <summary>Compares all answers with what is in use.</summary>
    /// <returns>
    /// What replaced what; the caller evaluates again, since there may be another change. Null when nothing changed.
    /// </returns>
    public RegistryChange? Evaluate(long now)
    {
        EvaluateAt = 0;
        for (int server = 0; server < servers; server++)
        {
            if (_answers[server] is not { } answer || FindReason(server, answer, now) is not { } reason)
                continue;
            if (_firstAt == 0)
                _firstAt = now;
            return Use(server, reason);
        }

        // The states of all, compared with what is in use now.
        for (int server = 0; server < servers; server++)
        {
            if (_answers[server] is { } answer)
                _states[server] = StateOf(server, answer, now);
        }

        return null;
    }

    private RegistryChange Use(int server, RegistryChangeReason reason)
    {
        RegistryChange change = new(reason, Current, _answers[server]!, server);
        Current = change.Next;
        CurrentServer = server;
        _hadRows |= !change.Next.Content.IsEmpty;
        _absentSince = 0;
        Array.Clear(_divergedSince);
        return change;
    }

    // Null when the answer must not, or need not, replace what is in use.
    private RegistryChangeReason? FindReason(int server, RegistryAnswer answer, long now)
    {
        if (Current is null)
            return RegistryChangeReason.First;
        if (ReferenceEquals(Current, answer))
            return null;
        if (answer.Version is not { } version || Current.Version is not { } current)
        {
            if (
                !IsBetter(server, answer)
                || (answer.Content.IsEmpty && !Current.Content.IsEmpty && server != CurrentServer)
            )
                return null;
            return answer.Version is null && HasSameRows() ? TakeOver(server) : RegistryChangeReason.Newer;
        }

        return version.CompareTo(current) switch
        {
            VersionOrder.Newer => RegistryChangeReason.Newer,

            // A cache has good rows only, and a row is visible at its server before its write is complete.
            VersionOrder.Same when CurrentServer < 0 || (server == CurrentServer && !HasSameRows()) =>
                RegistryChangeReason.Newer,
            VersionOrder.Same when HasSameRows() => TakeOver(server),
            VersionOrder.Same or VersionOrder.Diverged when MayHaveTakenOver(server, now) =>
                RegistryChangeReason.Diverged,
            VersionOrder.OtherRegistry when MayReplaceRegistry(server, answer, now) =>
                RegistryChangeReason.OtherRegistry,
            _ => null,
        };

        bool HasSameRows() => answer.Content.HasSame(Current!.Content);
    }

    // The same state again, confirmed by another server: the first one that has it is named.
    private RegistryChangeReason? TakeOver(int server)
    {
        if (CurrentServer < 0 || _answers[CurrentServer] is null || server < CurrentServer)
            CurrentServer = server;
        return null;
    }

    // Answers without versions cannot be compared: the first server that answers counts, until one has a version.
    private bool IsBetter(int server, RegistryAnswer answer) =>
        answer.Version is not null
        || (Current!.Version is null && Array.FindIndex(_answers, static other => other is not null) == server);

    // While a server has what is in use, both sides of a replication that is broken are there, and none of them wins.
    private bool MayHaveTakenOver(int server, long now) =>
        !Array.Exists(_answers, HasWhatIsInUse) && HasLasted(ref _divergedSince[server], now);

    private bool HasWhatIsInUse(RegistryAnswer? answer) =>
        answer is not null
        && (
            ReferenceEquals(answer, Current)
            || (
                answer.Version is { } version
                && Current!.Version is { } current
                && version.CompareTo(current) == VersionOrder.Same
                && answer.Content.HasSame(Current.Content)
            )
        );

    // The former registry has to be away for a while: a server that restarts is no other one. At the start the nearest
    // registry counts, whichever answered first.
    private bool MayReplaceRegistry(int server, RegistryAnswer answer, long now)
    {
        bool isInUse = Array.Exists(_answers, other => other?.Version?.Registry == Current!.Version!.Registry);
        bool isAbsent = !isInUse && Array.IndexOf(_states, RegistryServerState.Connecting) < 0;
        bool hasBeenAbsent = isAbsent && HasLasted(ref _absentSince, now);
        if (!isAbsent)
            _absentSince = 0;
        if (answer.Content.IsEmpty && (_hadRows || isInUse))
            return false;
        return hasBeenAbsent || !_hadRows || (server < CurrentServer && now < _firstAt + LastingMicros);
    }

    private bool HasLasted(ref long since, long now)
    {
        if (since == 0)
            since = now;
        if (now >= since + LastingMicros)
            return true;
        EvaluateAt = EvaluateAt == 0 ? since + LastingMicros : Math.Min(EvaluateAt, since + LastingMicros);
        return false;
    }

    private RegistryServerState StateOf(int server, RegistryAnswer answer, long now)
    {
        if (ReferenceEquals(answer, Current))
            return RegistryServerState.Current;
        bool hasSameRows = answer.Content.HasSame(Current!.Content);
        if (answer.Version is not { } version || Current.Version is not { } current)
            return hasSameRows ? RegistryServerState.Current
                : answer.Version is null ? RegistryServerState.Lagging
                : RegistryServerState.Empty;
        VersionOrder order = version.CompareTo(current);
        if (order == VersionOrder.OtherRegistry)
            return answer.Content.IsEmpty && !Array.Exists(_answers, HasWhatIsInUse)
                ? RegistryServerState.Empty
                : RegistryServerState.OtherRegistry;

        // Writes to other spaces count, too: a server that was asked a moment earlier has fewer, and the same rows.
        if (order is VersionOrder.Same or VersionOrder.Older && hasSameRows)
        {
            _divergedSince[server] = 0;
            return RegistryServerState.Current;
        }

        if (order == VersionOrder.Older)
        {
            _divergedSince[server] = 0;
            return RegistryServerState.Lagging;
        }

        if (_divergedSince[server] == 0)
            _divergedSince[server] = now;
        return RegistryServerState.Diverged;
    }
}

/// <summary>Why other rows are in use now.</summary>
internal enum RegistryChangeReason
{
    /// <summary>Nothing was known.</summary>
    First,

    /// <summary>There were further writes.</summary>
    Newer,

    /// <summary>A server has gone another way than those seen before, and has stayed there.</summary>
    Diverged,

    /// <summary>The servers are those of another replica set.</summary>
    OtherRegistry,

    /// <summary>The operator wanted it.</summary>
    Accepted,
}

/// <summary>What replaced what.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Previous">What was in use; null for nothing.</param>
/// <param name="Next">What is in use.</param>
/// <param name="Server">Which server said it.</param>
internal sealed record RegistryChange(
    RegistryChangeReason Reason,
    RegistryAnswer? Previous,
    RegistryAnswer Next,
    int Server
);
