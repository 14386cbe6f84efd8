using System.Runtime.InteropServices;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Sockets;

/// <summary>
/// Where a datagram came from and, at a socket bound to all addresses, which local address it was sent to: what
/// <see cref="UdpSocket.Answer"/> needs so that the answer leaves from that address. A value, usable as a key: the
/// interface on which the datagram arrived is part of it only for link-local addresses, which need it. Others are
/// reached by the routes of the system, and the datagrams of one client may arrive over several interfaces.
/// </summary>
public readonly struct UdpSource : IEquatable<UdpSource>
{
    private readonly UdpAddress _address;
    private readonly LibC.Ipv6PacketInfo _local; // struct in6_pktinfo, or in_pktinfo in its first bytes; zero for none

    /// <param name="source">The socket address that the kernel wrote.</param>
    /// <param name="control">The control messages of the datagram.</param>
    internal unsafe UdpSource(ReadOnlySpan<byte> source, ReadOnlySpan<byte> control)
    {
        _address = new UdpAddress(source).Unmapped;
        bool v6 = _address.IsV6;
        ReadOnlySpan<byte> local = IpControlMessages.PacketInfo(control, v6);
        local.CopyTo(MemoryMarshal.AsBytes(new Span<LibC.Ipv6PacketInfo>(ref _local)));
        if (!v6 && !local.IsEmpty)
        {
            ref LibC.Ipv4PacketInfo v4 = ref MemoryMarshal.AsRef<LibC.Ipv4PacketInfo>(
                MemoryMarshal.AsBytes(new Span<LibC.Ipv6PacketInfo>(ref _local))
            );
            v4.HeaderAddress = 0; // differs from the local address for broadcasts only, and is not answered from
            if (!IpControlMessages.IsLinkLocal(local))
                v4.InterfaceIndex = 0;
        }
        else if (!IpControlMessages.IsLinkLocal(local))
            _local.InterfaceIndex = 0;

        HopLimit = IpControlMessages.HopLimit(control, v6);
    }

    /// <summary>The sender's address and port. An IPv4 sender at an IPv6 socket has its IPv4 address here.</summary>
    public UdpAddress Address => _address;

    /// <summary>
    /// The TTL or hop limit that the datagram arrived with; 0 when it is not known. Not compared by
    /// <see cref="Equals(UdpSource)"/>.
    /// </summary>
    public byte HopLimit { get; }

    /// <summary>Writes the control message by which an answer leaves from the local address.</summary>
    /// <returns>Bytes written; 0 when the socket has only one address.</returns>
    internal unsafe int WriteDeparture(Span<byte> target)
    {
        if (_local is { Address: { High: 0, Low: 0 }, InterfaceIndex: 0 })
            return 0;
        ReadOnlySpan<byte> local = MemoryMarshal.AsBytes(new ReadOnlySpan<LibC.Ipv6PacketInfo>(in _local));
        int length = _address.IsV6 ? sizeof(LibC.Ipv6PacketInfo) : sizeof(LibC.Ipv4PacketInfo);
        return IpControlMessages.WriteDeparture(local[..length], target);
    }

    /// <inheritdoc/>
    public bool Equals(UdpSource other) =>
        _address == other._address
        && _local.Address.High == other._local.Address.High
        && _local.Address.Low == other._local.Address.Low
        && _local.InterfaceIndex == other._local.InterfaceIndex;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is UdpSource other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(_address, _local.Address.High, _local.Address.Low, _local.InterfaceIndex);

    /// <summary>The sender's address and port.</summary>
    public override string ToString() => _address.ToString();

    /// <summary>Whether both have the same sender and the same local address.</summary>
    public static bool operator ==(UdpSource left, UdpSource right) => left.Equals(right);

    /// <summary>Whether sender or local address differ.</summary>
    public static bool operator !=(UdpSource left, UdpSource right) => !left.Equals(right);
}
