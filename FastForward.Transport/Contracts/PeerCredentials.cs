namespace FastForward.Transport;

/// <summary>What the kernel says about the far end of a link, which that end cannot forge.</summary>
public sealed record PeerCredentials
{
    /// <summary>User id of the far process (SO_PEERCRED, unix(7)); null where the medium has none.</summary>
    public uint? UserId { get; init; }

    /// <summary>Process id of the far process (SO_PEERCRED, unix(7)), as seen from this pid namespace.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Context id of the far machine (vsock(7)); null where the medium has none.</summary>
    public uint? ContextId { get; init; }
}
