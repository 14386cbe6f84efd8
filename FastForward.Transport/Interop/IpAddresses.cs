using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>Raw IP socket addresses: struct sockaddr_in (ip(7)) and sockaddr_in6 (ipv6(7)).</summary>
internal static unsafe class IpAddresses
{
    /// <summary>Whether it stands for all addresses of its family.</summary>
    public static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary>Room for either structure.</summary>
    public const int Capacity = 32;

    /// <summary>The index of the loopback device: LOOPBACK_IFINDEX of the kernel, in every network namespace.</summary>
    public const int LoopbackInterface = 1;

    /// <summary>Writes an end point, an IPv4-mapped one as IPv4.</summary>
    /// <returns>The structure's length in bytes.</returns>
    public static int Write(IPEndPoint endPoint, Span<byte> target)
    {
        IPAddress address = Unmapped(endPoint.Address);
        ushort port = BinaryPrimitives.ReverseEndianness((ushort)endPoint.Port);
        target[..Capacity].Clear();
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            ref LibC.Ipv4SocketAddress v4 = ref MemoryMarshal.AsRef<LibC.Ipv4SocketAddress>(target);
            v4.Family = LibC.AF_INET;
            v4.Port = port;
            address.TryWriteBytes(MemoryMarshal.AsBytes(new Span<uint>(ref v4.Address)), out _);
            return sizeof(LibC.Ipv4SocketAddress);
        }

        ref LibC.Ipv6SocketAddress v6 = ref MemoryMarshal.AsRef<LibC.Ipv6SocketAddress>(target);
        v6.Family = LibC.AF_INET6;
        v6.Port = port;
        address.TryWriteBytes(MemoryMarshal.AsBytes(new Span<LibC.Ipv6Address>(ref v6.Address)), out _);
        v6.ScopeId = (uint)address.ScopeId;
        return sizeof(LibC.Ipv6SocketAddress);
    }

    /// <summary>Reads an end point; null when the address is neither of the two structures.</summary>
    public static IPEndPoint? Read(ReadOnlySpan<byte> source)
    {
        switch (FamilyOf(source))
        {
            case LibC.AF_INET when source.Length >= sizeof(LibC.Ipv4SocketAddress):
                LibC.Ipv4SocketAddress v4 = MemoryMarshal.Read<LibC.Ipv4SocketAddress>(source);
                return new IPEndPoint(new IPAddress(v4.Address), BinaryPrimitives.ReverseEndianness(v4.Port));
            case LibC.AF_INET6 when source.Length >= sizeof(LibC.Ipv6SocketAddress):
                LibC.Ipv6SocketAddress v6 = MemoryMarshal.Read<LibC.Ipv6SocketAddress>(source);
                return new IPEndPoint(
                    new IPAddress(MemoryMarshal.AsBytes(new ReadOnlySpan<LibC.Ipv6Address>(in v6.Address)), v6.ScopeId),
                    BinaryPrimitives.ReverseEndianness(v6.Port)
                );
            default:
                return null;
        }
    }

    /// <summary>The address family field; 0 when the address is too short.</summary>
    public static int FamilyOf(ReadOnlySpan<byte> address) =>
        address.Length < sizeof(ushort) ? 0 : MemoryMarshal.Read<ushort>(address);

    /// <summary>
    /// Turns struct sockaddr_in6 with an IPv4-mapped address, which sockets of both families report, into struct
    /// sockaddr_in; leaves others as they are.
    /// </summary>
    /// <param name="address"><see cref="Capacity"/> bytes.</param>
    public static void Unmap(Span<byte> address)
    {
        if (FamilyOf(address) != LibC.AF_INET6)
            return;
        LibC.Ipv6SocketAddress v6 = MemoryMarshal.Read<LibC.Ipv6SocketAddress>(address);
        if (v6.Address.High != 0 || (uint)v6.Address.Low != 0xFFFF_0000)
            return;
        address.Clear();
        LibC.Ipv4SocketAddress v4 = new()
        {
            Family = LibC.AF_INET,
            Port = v6.Port,
            Address = (uint)(v6.Address.Low >> 32),
        };
        MemoryMarshal.Write(address, v4);
    }

    /// <summary>Whether it is 127.0.0.0/8 or ::1.</summary>
    public static bool IsLoopback(ReadOnlySpan<byte> address) =>
        FamilyOf(address) switch
        {
            LibC.AF_INET => IsLoopback4(MemoryMarshal.Read<LibC.Ipv4SocketAddress>(address).Address),
            LibC.AF_INET6 => IsLoopback6(MemoryMarshal.Read<LibC.Ipv6SocketAddress>(address).Address),
            _ => false,
        };

    public static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>
    /// Whether a datagram cannot have come from another machine: source and destination are loopback addresses, and it
    /// arrived on the loopback device. The device must be checked: with the sysctl route_localnet set, an IPv4 datagram
    /// from the network may have 127.0.0.1 as both addresses.
    /// </summary>
    /// <param name="source">struct sockaddr_in or sockaddr_in6.</param>
    /// <param name="packetInfo">struct in_pktinfo or in6_pktinfo of the same datagram.</param>
    public static bool StayedOnLoopback(ReadOnlySpan<byte> source, ReadOnlySpan<byte> packetInfo)
    {
        switch (FamilyOf(source))
        {
            case LibC.AF_INET when packetInfo.Length == sizeof(LibC.Ipv4PacketInfo):
                LibC.Ipv4PacketInfo v4 = MemoryMarshal.Read<LibC.Ipv4PacketInfo>(packetInfo);
                return v4.InterfaceIndex == LoopbackInterface
                    && IsLoopback4(v4.HeaderAddress)
                    && IsLoopback4(MemoryMarshal.Read<LibC.Ipv4SocketAddress>(source).Address);
            case LibC.AF_INET6 when packetInfo.Length == sizeof(LibC.Ipv6PacketInfo):
                LibC.Ipv6PacketInfo v6 = MemoryMarshal.Read<LibC.Ipv6PacketInfo>(packetInfo);
                return v6.InterfaceIndex == LoopbackInterface
                    && IsLoopback6(v6.Address)
                    && IsLoopback6(MemoryMarshal.Read<LibC.Ipv6SocketAddress>(source).Address);
            default:
                return false;
        }
    }

    // Network byte order read on a little-endian machine: the first byte is the lowest.
    private static bool IsLoopback4(uint address) => (byte)address == 127;

    private static bool IsLoopback6(LibC.Ipv6Address address) => address is { High: 0, Low: 0x0100_0000_0000_0000 };
}
