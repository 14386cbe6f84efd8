using System.Net;

namespace FastForward.Host.Instances;

/// <summary>An <c>[outlet]</c> section: emits the datagrams of bridges to one fixed UDP server. The target is decided here alone, so no bridge can reach anything else.</summary>
internal sealed record OutletSettings
{
    /// <summary>The section's name, for logs.</summary>
    public required string Name { get; init; }

    /// <summary>The UDP server.</summary>
    public required IPEndPoint Target { get; init; }

    /// <summary>The service number that bridges ask for.</summary>
    public required ushort Service { get; init; }

    /// <summary>How long a client may be silent, in both directions, before its socket is closed.</summary>
    public required int IdleSeconds { get; init; }

    /// <summary>The most clients at once, each with a socket; beyond it the socket that was silent the longest is closed.</summary>
    public required int MaxClients { get; init; }
}
