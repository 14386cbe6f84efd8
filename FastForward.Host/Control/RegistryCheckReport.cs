using System.Text.Json.Serialization;

namespace FastForward.Host.Control;

/// <summary>What <c>registry check</c> found.</summary>
internal sealed record RegistryCheckReport
{
    public required uint Node { get; init; }

    public required IReadOnlyList<RegistryReport> Registries { get; init; }

    public required IReadOnlyList<RouteReport> Routes { get; init; }

    /// <summary>All rows that are skipped.</summary>
    public required IReadOnlyList<RowReport> SkippedRows { get; init; }

    /// <summary>Of servers and keys.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>What works, and is not advisable.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}

/// <summary>A route of a node.</summary>
internal sealed record RouteReport
{
    public required uint Node { get; init; }

    /// <summary>The key that the node demands, which may be that of another row; 0 for none.</summary>
    public required uint KeyId { get; init; }

    public required string Transport { get; init; }

    public required string Address { get; init; }

    public required int Port { get; init; }

    /// <summary>The table of a registry, or the section of the instance file.</summary>
    public required string Source { get; init; }

    /// <summary>A row of higher precedence leads to the same node.</summary>
    public required bool Hidden { get; init; }
}

/// <summary>The JSON forms of the registry commands, made at compile time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(RegistryCheckReport))]
[JsonSerializable(typeof(RegistryEvent))]
internal sealed partial class RegistryJson : JsonSerializerContext;
