namespace FastForward.Transport;

/// <summary>What the kernel reports about the remote side of a link. The remote side cannot forge it.</summary>
public sealed record PeerCredentials
{
    /// <summary>User id of the remote process (SO_PEERCRED, unix(7)); null where the medium has none.</summary>
    public uint? UserId { get; init; }

    /// <summary>Process id of the remote process (SO_PEERCRED, unix(7)), as seen from this pid namespace.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Context id of the remote machine (vsock(7)); null where the medium has none.</summary>
    public uint? ContextId { get; init; }

    /// <summary>The remote machine, or else the remote user: who shares limits with whom.</summary>
    internal uint? Origin => ContextId ?? UserId;
}
