using System.Net;

namespace FastForward.Transport;

/// <summary>The state of a transport of a node.</summary>
public sealed class TransportStatus
{
    internal TransportStatus(TransportKind kind, string? reason, IReadOnlyList<EndPoint> localEndPoints)
    {
        Kind = kind;
        Reason = reason;
        LocalEndPoints = localEndPoints;
    }

    /// <summary>The kind of medium.</summary>
    public TransportKind Kind { get; }

    /// <summary>Why the transport does not run; null when it does.</summary>
    public string? Reason { get; }

    /// <summary>Where it listens; empty when it does not run.</summary>
    public IReadOnlyList<EndPoint> LocalEndPoints { get; }
}
