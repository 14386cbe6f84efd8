using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace FastForward.Transport.Transports;

/// <summary>
/// The source of a frame that belongs to no link, and the local address at which it arrived (so that a response is sent
/// from that address on a machine with several). It refers to memory of the transport and is valid only during
/// <see cref="ILinkSink.Stranger"/> and <see cref="ILinkSink.Moved"/>.
/// </summary>
public readonly ref struct StrangerSource
{
    private const int Ipv4Length = 16;
    private const int Ipv6Length = 28;

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

    /// <summary>The source as a value that outlives the call.</summary>
    internal LinkSource ToLinkSource()
    {
        if (ContextId is { } contextId)
            return LinkSource.OfMachine(contextId);
        Span<byte> address = stackalloc byte[16];
        switch (Address.Length)
        {
            case Ipv4Length: // struct sockaddr_in: family, port, address
                address.Clear();
                address[10] = address[11] = 0xFF;
                Address.Slice(4, 4).CopyTo(address[12..]);
                return LinkSource.OfAddress(address, BinaryPrimitives.ReadUInt16BigEndian(Address[2..]), 0);
            case Ipv6Length: // struct sockaddr_in6: family, port, flow, address, scope
                Address.Slice(8, 16).CopyTo(address);
                bool isLinkLocal = address[0] == 0xFE && (address[1] & 0xC0) == 0x80;
                uint scope = isLinkLocal ? MemoryMarshal.Read<uint>(Address[24..]) : 0;
                return LinkSource.OfAddress(address, BinaryPrimitives.ReadUInt16BigEndian(Address[2..]), scope);
            default:
                return default;
        }
    }
}
