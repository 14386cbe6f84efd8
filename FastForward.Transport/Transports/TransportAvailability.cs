namespace FastForward.Transport.Transports;

/// <summary>Whether this machine can run a transport, with an actionable reason when it cannot.</summary>
public readonly record struct TransportAvailability
{
    private TransportAvailability(string? reason) => Reason = reason;

    /// <summary>True when the transport can be started here.</summary>
    public bool IsAvailable => Reason is null;

    /// <summary>Why not; null when available.</summary>
    public string? Reason { get; }

    /// <summary>The transport can be started.</summary>
    public static TransportAvailability Available => default;

    /// <summary>The transport cannot be started, because of <paramref name="reason"/>.</summary>
    /// <param name="reason">What is missing, and where it was expected.</param>
    public static TransportAvailability Unavailable(string reason)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        return new TransportAvailability(reason);
    }
}
