using System.Net;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Sockets;

/// <summary>
/// The address and port of a UDP socket as a value: it can be compared, used as a key and sent to without an
/// allocation. The default value is no address.
/// </summary>
/// <remarks>
/// It holds <c>struct sockaddr_in</c> or <c>sockaddr_in6</c> (ip(7), ipv6(7)); unused bytes are zero.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public readonly struct UdpAddress : IEquatable<UdpAddress>
{
    private readonly ulong _first;
    private readonly ulong _second;
    private readonly ulong _third;
    private readonly ulong _fourth;

    /// <summary>The address of an end point. An IPv4-mapped IPv6 address becomes the IPv4 address.</summary>
    /// <param name="endPoint">The end point.</param>
    public UdpAddress(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        IpAddresses.Write(endPoint, MemoryMarshal.AsBytes(new Span<UdpAddress>(ref this)));
    }

    private UdpAddress(ulong first, ulong second, ulong third, ulong fourth) =>
        (_first, _second, _third, _fourth) = (first, second, third, fourth);

    /// <summary>Copies a structure that the kernel wrote.</summary>
    internal UdpAddress(ReadOnlySpan<byte> source) =>
        source.CopyTo(MemoryMarshal.AsBytes(new Span<UdpAddress>(ref this)));

    /// <summary>The length of the structure in use; 0 for no address.</summary>
    internal unsafe uint Length =>
        (ushort)_first switch
        {
            LibC.AF_INET => (uint)sizeof(LibC.Ipv4SocketAddress),
            LibC.AF_INET6 => (uint)sizeof(LibC.Ipv6SocketAddress),
            _ => 0,
        };

    internal bool IsV6 => (ushort)_first == LibC.AF_INET6;

    /// <summary>The same, with an IPv4-mapped IPv6 address as the IPv4 address.</summary>
    internal UdpAddress Unmapped
    {
        get
        {
            UdpAddress address = this;
            Span<byte> bytes = MemoryMarshal.AsBytes(new Span<UdpAddress>(ref address));
            IpAddresses.Unmap(bytes);
            return address;
        }
    }

    /// <summary>
    /// The address with port 0, an IPv6 address as the first address of its /64: equal for all sockets of one host,
    /// which may use every address of a /64. Loopback and link-local addresses stay whole.
    /// </summary>
    public UdpAddress Host
    {
        get
        {
            bool isNetwork = IsV6 && !IsLoopback && (_second & 0xC0FF) != 0x80FE; // fe80::/10 in network byte order
            return new(_first & ~0xFFFF_0000UL, _second, isNetwork ? 0 : _third, _fourth);
        }
    }

    /// <summary>Whether it is an address of the loopback network, 127.0.0.0/8 or ::1.</summary>
    public bool IsLoopback => IpAddresses.IsLoopback(MemoryMarshal.AsBytes(new ReadOnlySpan<UdpAddress>(in this)));

    /// <summary>The end point, in a new object; null for no address.</summary>
    public IPEndPoint? ToEndPoint() => IpAddresses.Read(MemoryMarshal.AsBytes(new ReadOnlySpan<UdpAddress>(in this)));

    /// <inheritdoc/>
    public bool Equals(UdpAddress other) =>
        _first == other._first && _second == other._second && _third == other._third && _fourth == other._fourth;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is UdpAddress other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_first, _second, _third, _fourth);

    /// <summary>Address and port, as <see cref="IPEndPoint"/> writes them; <c>none</c> for no address.</summary>
    public override string ToString() => ToEndPoint()?.ToString() ?? "none";

    /// <summary>Whether both are the same address and port.</summary>
    public static bool operator ==(UdpAddress left, UdpAddress right) => left.Equals(right);

    /// <summary>Whether address or port differ.</summary>
    public static bool operator !=(UdpAddress left, UdpAddress right) => !left.Equals(right);
}
