namespace FastForward.Host.Control;

/// <summary>Everything that <c>stat</c> reports of a running node. Counters start at zero with the node.</summary>
internal sealed record NodeReport
{
    public required uint Node { get; init; }

    public required int ProcessId { get; init; }

    /// <summary>The instance file.</summary>
    public required string File { get; init; }

    public required double UptimeSeconds { get; init; }

    public required LoopReport Loop { get; init; }

    public required IReadOnlyList<TransportLine> Transports { get; init; }

    public required IReadOnlyList<PeerReport> Peers { get; init; }

    /// <summary>
    /// Bridges and outlets, in the order of the file; a setter, so that absent ones are read as none.
    /// </summary>
    public IReadOnlyList<ActorReport> Actors { get; set; } = [];

    /// <summary>The Tarantool registries; a setter, so that absent ones are read as none.</summary>
    public IReadOnlyList<RegistryReport> Registries { get; set; } = [];

    /// <summary>The first rows that are skipped; a setter, so that absent ones are read as none.</summary>
    public IReadOnlyList<RowReport> SkippedRows { get; set; } = [];

    /// <summary>Nodes that sent handshakes although no route leads to them.</summary>
    public required IReadOnlyList<UnconfiguredReport> Unconfigured { get; init; }

    /// <summary>The key <c>impair</c> of the instance file with its counts; null when it is not given.</summary>
    public ImpairmentReport? Impairment { get; init; }

    public required long MessagesSent { get; init; }

    public required long MessagesReceived { get; init; }

    public required long FramesSent { get; init; }

    public required long FramesReceived { get; init; }

    public required long UndeliveredMessages { get; init; }

    public required long MalformedFrames { get; init; }

    public required long RefusedHandshakes { get; init; }
}
