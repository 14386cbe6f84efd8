namespace FastForward.Transport.Transports;

/// <summary>
/// The source of a frame that belongs to no link, and the local address at which it arrived (so that the answer leaves
/// from there on a machine with several). It refers to memory of the transport and lives only during
/// <see cref="ILinkSink.Stranger"/>.
/// </summary>
public readonly ref struct StrangerSource
{
    /// <summary>Wraps what the transport knows.</summary>
    /// <param name="address">The source's raw socket address (struct sockaddr_in, sockaddr_in6 or sockaddr_vm).</param>
    /// <param name="local">The transport's own notes on the local address; empty when there are none.</param>
    /// <param name="isLoopback">The frame cannot have come from another machine.</param>
    /// <param name="contextId">The context id of the remote machine, where the kernel vouches for one.</param>
    public StrangerSource(ReadOnlySpan<byte> address, ReadOnlySpan<byte> local, bool isLoopback, uint? contextId = null)
    {
        Address = address;
        Local = local;
        IsLoopback = isLoopback;
        ContextId = contextId;
    }

    /// <summary>The source's raw socket address as the kernel wrote it.</summary>
    public ReadOnlySpan<byte> Address { get; }

    /// <summary>
    /// Context id of the remote machine, for which the kernel vouches; null on other media than vSockets.
    /// </summary>
    public uint? ContextId { get; }

    /// <summary>Notes on the local address, opaque outside the transport.</summary>
    public ReadOnlySpan<byte> Local { get; }

    /// <summary>The frame cannot have come from another machine.</summary>
    public bool IsLoopback { get; }
}
