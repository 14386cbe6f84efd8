namespace FastForward.Host.Control;

/// <summary>Something that <c>registry watch</c> saw. The members that do not belong to its kind are null.</summary>
internal sealed record RegistryEvent
{
    public const string Added = "added";
    public const string Changed = "changed";
    public const string Removed = "removed";
    public const string Skipped = "skipped";
    public const string ServerState = "server";

    public required DateTimeOffset Time { get; init; }

    /// <summary>The registry, with the table where it is about a row.</summary>
    public required string Source { get; init; }

    /// <summary>One of the constants here.</summary>
    public required string Kind { get; init; }

    /// <summary>The row.</summary>
    public string? Row { get; init; }

    /// <summary>The address of the server.</summary>
    public string? Server { get; init; }

    /// <summary>Its state, as in <see cref="RegistryServerReport"/>.</summary>
    public string? State { get; init; }

    /// <summary>Why the row is skipped, or the server is not current.</summary>
    public string? Detail { get; init; }
}
