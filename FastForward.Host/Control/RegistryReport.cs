namespace FastForward.Host.Control;

/// <summary>A Tarantool registry that the node follows.</summary>
internal sealed record RegistryReport
{
    public required string Name { get; init; }

    /// <summary>A server answers and its rows are in use; otherwise the last good ones are.</summary>
    public required bool Confirmed { get; init; }

    /// <summary>How long no server has confirmed the rows; 0 while one does.</summary>
    public required double UnconfirmedSeconds { get; init; }

    /// <summary>The server, or the cache file, whose rows are in use.</summary>
    public string? Source { get; init; }

    /// <summary>The id of the replica set.</summary>
    public string? ReplicaSet { get; init; }

    /// <summary>The writes that the rows are of.</summary>
    public ulong? Writes { get; init; }

    /// <summary>Good rows.</summary>
    public required int Rows { get; init; }

    /// <summary>How often other rows came into use.</summary>
    public required long Changes { get; init; }

    public required IReadOnlyList<RegistryServerReport> Servers { get; init; }
}

/// <summary>A server of a registry.</summary>
internal sealed record RegistryServerReport
{
    public required string Address { get; init; }

    /// <summary>
    /// <c>connecting</c>, <c>current</c>, <c>lagging</c>, <c>diverged</c>, <c>otherRegistry</c>, <c>empty</c>,
    /// <c>unreachable</c>, <c>refusing</c>.
    /// </summary>
    public required string State { get; init; }

    /// <summary>Why it is not current.</summary>
    public string? Detail { get; init; }

    /// <summary><c>unknown</c>, <c>watch</c>, <c>longPoll</c> or <c>poll</c>.</summary>
    public required string Notice { get; init; }

    public ulong? Writes { get; init; }

    public bool? ReadOnly { get; init; }
}

/// <summary>A row that is skipped.</summary>
/// <param name="Source">The table of the registry, or the section of the instance file.</param>
/// <param name="Row">As written.</param>
/// <param name="Reason">What is wrong, with a right example.</param>
internal sealed record RowReport(string Source, string Row, string Reason);

/// <summary>What came of accepting a registry as it is.</summary>
/// <param name="Name">The registry.</param>
/// <param name="Server">The server whose rows were taken; null when none answers, and nothing was changed.</param>
/// <param name="Registry">The registry after that.</param>
internal sealed record AcceptedReport(string Name, string? Server, RegistryReport Registry);
