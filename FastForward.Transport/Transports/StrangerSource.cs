namespace FastForward.Transport.Transports;

/// <summary>
/// The source of a frame that belongs to no link, and the local address at which it arrived (so that a response is sent
/// from that address on a machine with several). It refers to memory of the transport and is valid only during
/// <see cref="ILinkSink.Stranger"/>.
/// </summary>
public readonly ref struct StrangerSource
{
    /// <summary>Creates the source from the data of the transport.</summary>
    /// <param name="address">The source's raw socket address (struct sockaddr_in, sockaddr_in6 or sockaddr_vm).</param>
    /// <param name="local">Data of the transport about the local address; empty when there is none.</param>
    /// <param name="isLoopback">True when the frame cannot have come from another machine.</param>
    /// <param name="contextId">The context id of the remote machine, where the kernel reports one.</param>
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
    /// The context id of the remote machine as the kernel reports it; null on media other than vSockets.
    /// </summary>
    public uint? ContextId { get; }

    /// <summary>Data about the local address, opaque outside the transport.</summary>
    public ReadOnlySpan<byte> Local { get; }

    /// <summary>True when the frame cannot have come from another machine.</summary>
    public bool IsLoopback { get; }
}
