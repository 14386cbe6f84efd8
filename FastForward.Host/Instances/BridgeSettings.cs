using FastForward.Transport;

namespace FastForward.Host.Instances;

/// <summary>A <c>[bridge]</c> section: receives the datagrams of local UDP clients and sends them to a node.</summary>
internal sealed record BridgeSettings
{
    /// <summary>The section's name, for logs.</summary>
    public required string Name { get; init; }

    /// <summary>Where the clients send to.</summary>
    public required ZonedEndPoint Listen { get; init; }

    /// <summary>The node with the outlet.</summary>
    public required uint Node { get; init; }

    /// <summary>The service number that the outlet there serves.</summary>
    public required ushort Service { get; init; }

    /// <summary>The message class.</summary>
    public required MessageClass Class { get; init; }

    /// <summary>How long a client may be idle, in both directions, before it is removed.</summary>
    public required int IdleSeconds { get; init; }

    /// <summary>The most clients at once; one more takes the place of another.</summary>
    public required int MaxClients { get; init; }
}
