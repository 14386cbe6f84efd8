namespace FastForward.Host.Instances;

/// <summary>
/// An <c>[outlet]</c> section: sends the datagrams of bridges to one fixed UDP server. Only this section names the
/// target, so that bridges reach nothing else.
/// </summary>
internal sealed record OutletSettings
{
    /// <summary>The section's name, for logs.</summary>
    public required string Name { get; init; }

    /// <summary>The UDP server.</summary>
    public required ZonedEndPoint Target { get; init; }

    /// <summary>The service number that bridges ask for.</summary>
    public required ushort Service { get; init; }

    /// <summary>How long a client may be idle, in both directions, before its socket is closed.</summary>
    public required int IdleSeconds { get; init; }

    /// <summary>
    /// The most clients at once, each with a socket; one more takes the place of another.
    /// </summary>
    public required int MaxClients { get; init; }
}
