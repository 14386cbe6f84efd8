using System.Net;

namespace FastForward.Transport.Node;

/// <summary>One host name: its addresses, the lookup that is pending, and why the last one failed.</summary>
/// <param name="name">The name.</param>
internal sealed class HostEntry(string name)
{
    /// <summary>How long the resolver may take before it is reported as silent. The lookup goes on.</summary>
    public const long PatienceMicros = 5_000_000;

    private const long FreshMicros = 30_000_000;
    private const long FailureFreshMicros = 5_000_000;
    private const long UnusedMicros = 600_000_000;

    private long _begunAt;
    private long _completedAt = -1;
    private bool _wasSlow;

    /// <summary>Raised on the loop thread when a lookup is complete.</summary>
    public event Action? Completed;

    public string Name { get; } = name;

    /// <summary>The addresses, in the order that the resolver prefers (RFC 6724). Replaced as a whole.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; private set; } = [];

    /// <summary>Why the last completed lookup gave no address; null when it gave one.</summary>
    public string? Failure { get; private set; }

    /// <summary>A lookup has not completed.</summary>
    public bool IsPending { get; private set; }

    /// <summary>When the entry was last asked for.</summary>
    public long AskedAt { get; set; }

    /// <summary>When a pending lookup is no longer waited for.</summary>
    public long PatienceEndsAt => _begunAt + PatienceMicros;

    /// <summary>Nothing is known yet, and the lookup may still complete in time.</summary>
    public bool IsAwaitedAt(long now) => IsPending && Addresses.Count == 0 && Failure is null && now < PatienceEndsAt;

    /// <summary>Why there is no address.</summary>
    public string WhyNone =>
        Addresses.Count > 0
            ? "it has no address of a family that this machine supports"
            : Failure ?? $"the resolver did not answer within {PatienceMicros / 1_000_000} s";

    public bool IsOldAt(long now) =>
        !IsPending && (_completedAt < 0 || now - _completedAt >= (Failure is null ? FreshMicros : FailureFreshMicros));

    public bool IsUnusedAt(long now) => !IsPending && Completed is null && now - AskedAt >= UnusedMicros;

    public LookupRank Begin(long now)
    {
        IsPending = true;
        _begunAt = now;
        return _wasSlow ? LookupRank.Slow
            : Addresses.Count > 0 ? LookupRank.Resolved
            : LookupRank.Unknown;
    }

    public void Complete(long now, LookupResult result)
    {
        IsPending = false;
        _completedAt = now;
        _wasSlow = result.WasSlow;
        Failure =
            result.Failure ?? (result.Addresses is { Length: > 0 } ? null : "the resolver knows no address of it");
        if (Failure is null)
            Addresses = result.Addresses!;
        Completed?.Invoke();
    }
}
