using System.Net;
using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>
/// Control messages of IP datagrams (ip(7), ipv6(7)): the local address and hop limit of a received datagram, and the
/// source address and DSCP of a sent one.
/// </summary>
internal static unsafe class IpControlMessages
{
    /// <summary>
    /// Expedited Forwarding (RFC 3246), code point 46, in the upper six bits of the TOS or traffic class byte (RFC
    /// 2474).
    /// </summary>
    public const int ExpeditedForwarding = 46 << 2;

    /// <summary>The in_pktinfo or in6_pktinfo among the control messages; empty when there is none.</summary>
    public static ReadOnlySpan<byte> PacketInfo(ReadOnlySpan<byte> control, bool v6) =>
        v6
            ? ControlMessage.Find(control, LibC.IPPROTO_IPV6, LibC.IPV6_PKTINFO, sizeof(LibC.Ipv6PacketInfo))
            : ControlMessage.Find(control, LibC.IPPROTO_IP, LibC.IP_PKTINFO, sizeof(LibC.Ipv4PacketInfo));

    /// <summary>The local address in an in_pktinfo or in6_pktinfo, 4 or 16 bytes; empty when there is none.</summary>
    public static ReadOnlySpan<byte> LocalAddressBytes(ReadOnlySpan<byte> packetInfo) =>
        packetInfo.Length switch
        {
            int length when length == sizeof(LibC.Ipv4PacketInfo) => packetInfo.Slice(sizeof(int), sizeof(uint)),
            int length when length == sizeof(LibC.Ipv6PacketInfo) => packetInfo[..sizeof(LibC.Ipv6Address)],
            _ => default,
        };

    /// <summary>The local address in an in_pktinfo or in6_pktinfo; null when there is none.</summary>
    public static IPAddress? LocalAddress(ReadOnlySpan<byte> packetInfo)
    {
        ReadOnlySpan<byte> bytes = LocalAddressBytes(packetInfo);
        if (bytes.Length != sizeof(LibC.Ipv6Address))
            return bytes.IsEmpty ? null : new IPAddress(bytes);
        uint scope = IsLinkLocal(packetInfo) ? MemoryMarshal.Read<LibC.Ipv6PacketInfo>(packetInfo).InterfaceIndex : 0;
        return new IPAddress(bytes, scope);
    }

    /// <summary>The TTL or hop limit that a datagram arrived with; 0 when the kernel was not asked.</summary>
    public static byte HopLimit(ReadOnlySpan<byte> control, bool v6)
    {
        ReadOnlySpan<byte> value = v6
            ? ControlMessage.Find(control, LibC.IPPROTO_IPV6, LibC.IPV6_HOPLIMIT, sizeof(int))
            : ControlMessage.Find(control, LibC.IPPROTO_IP, LibC.IP_TTL, sizeof(int));
        return value.IsEmpty ? (byte)0 : (byte)MemoryMarshal.Read<int>(value);
    }

    /// <summary>
    /// Writes the message that makes a datagram leave from the local address in <paramref name="packetInfo"/>, that of
    /// a received datagram. The kernel chooses the device by its routes, except for link-local addresses (RFC 3927, RFC
    /// 4291, section 2.5.6), which are only unique per device.
    /// </summary>
    /// <returns>Bytes written; 0 when there is no packet info.</returns>
    public static int WriteDeparture(ReadOnlySpan<byte> packetInfo, Span<byte> target)
    {
        if (packetInfo.Length == sizeof(LibC.Ipv4PacketInfo))
        {
            LibC.Ipv4PacketInfo received = MemoryMarshal.Read<LibC.Ipv4PacketInfo>(packetInfo);
            LibC.Ipv4PacketInfo v4 = new()
            {
                LocalAddress = received.LocalAddress,
                InterfaceIndex = IsLinkLocal(packetInfo) ? received.InterfaceIndex : 0,
            };
            return ControlMessage.Write(target, LibC.IPPROTO_IP, LibC.IP_PKTINFO, v4);
        }

        if (packetInfo.Length != sizeof(LibC.Ipv6PacketInfo))
            return 0;
        LibC.Ipv6PacketInfo v6 = MemoryMarshal.Read<LibC.Ipv6PacketInfo>(packetInfo);
        if (packetInfo[0] == 0xff)
            return 0; // a group is no source address
        if (!IsLinkLocal(packetInfo))
            v6.InterfaceIndex = 0;
        return ControlMessage.Write(target, LibC.IPPROTO_IPV6, LibC.IPV6_PKTINFO, v6);
    }

    /// <summary>
    /// Whether the local address in an in_pktinfo or in6_pktinfo is link-local: 169.254.0.0/16 (RFC 3927) or fe80::/10.
    /// </summary>
    public static bool IsLinkLocal(ReadOnlySpan<byte> packetInfo) =>
        packetInfo.Length == sizeof(LibC.Ipv4PacketInfo)
            ? (ushort)MemoryMarshal.Read<LibC.Ipv4PacketInfo>(packetInfo).LocalAddress == 0xFEA9 // network byte order
            : packetInfo is [0xfe, byte second, ..] && (second & 0xc0) == 0x80;

    /// <summary>Writes the message that marks one datagram with <see cref="ExpeditedForwarding"/>.</summary>
    /// <returns>Bytes written.</returns>
    public static int WriteExpedited(bool v6, Span<byte> target) =>
        v6
            ? ControlMessage.Write(target, LibC.IPPROTO_IPV6, LibC.IPV6_TCLASS, ExpeditedForwarding)
            : ControlMessage.Write(target, LibC.IPPROTO_IP, LibC.IP_TOS, ExpeditedForwarding);
}
