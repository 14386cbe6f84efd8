using System.Runtime.InteropServices;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Ip;

/// <summary>Control messages (cmsg(3)) of datagrams: reading the arrival address, writing the departure address and the DSCP.</summary>
internal static unsafe class ControlMessages
{
    /// <summary>Room for in6_pktinfo (40) and one int (24): the DSCP on the way out, the length of the parts (UDP_GRO) on the way in.</summary>
    public const int Capacity = 64;

    /// <summary>Expedited Forwarding, 46, in the upper six bits of the TOS or traffic class byte.</summary>
    public const int ExpeditedForwarding = 46 << 2;

    /// <summary>The in_pktinfo or in6_pktinfo among the control messages; empty when there is none.</summary>
    public static ReadOnlySpan<byte> PacketInfo(ReadOnlySpan<byte> control, bool v6)
    {
        (int level, int type, int size) = v6
            ? (LibC.IPPROTO_IPV6, LibC.IPV6_PKTINFO, sizeof(LibC.Ipv6PacketInfo))
            : (LibC.IPPROTO_IP, LibC.IP_PKTINFO, sizeof(LibC.Ipv4PacketInfo));
        return Find(control, level, type, size);
    }

    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> control, int level, int type, int size)
    {
        int head = sizeof(LibC.ControlHeader);
        while (control.Length >= head)
        {
            LibC.ControlHeader header = MemoryMarshal.Read<LibC.ControlHeader>(control);
            if (header.Length < (nuint)head || header.Length > (nuint)control.Length)
                break;
            if (header.Level == level && header.Type == type && header.Length >= (nuint)(head + size))
                return control.Slice(head, size);
            control = control[(int)Math.Min(Aligned(header.Length), (nuint)control.Length)..];
        }

        return default;
    }

    /// <summary>The length of the datagrams that came as one (UDP_GRO, udp(7)); 0 when there is one only.</summary>
    public static int PartLength(ReadOnlySpan<byte> control)
    {
        ReadOnlySpan<byte> part = Find(control, LibC.SOL_UDP, LibC.UDP_GRO, sizeof(int));
        return part.IsEmpty ? 0 : MemoryMarshal.Read<int>(part);
    }

    /// <summary>Appends the message that has a run of datagrams cut into pieces of one length (UDP_SEGMENT, udp(7)).</summary>
    /// <returns>Bytes written.</returns>
    public static int WriteSegmentSize(byte* target, ushort size) =>
        Write(target, LibC.SOL_UDP, LibC.UDP_SEGMENT, &size, sizeof(ushort));

    /// <summary>
    /// Writes the message that makes a datagram leave from the address of <paramref name="packetInfo"/>, which is one that
    /// arrived. The kernel picks the device by its routes, except for link-local addresses, which mean nothing without.
    /// </summary>
    /// <returns>Bytes written.</returns>
    public static int WriteDeparture(ReadOnlySpan<byte> packetInfo, Span<byte> target)
    {
        fixed (byte* start = target)
        fixed (byte* info = packetInfo)
        {
            if (packetInfo.Length == sizeof(LibC.Ipv4PacketInfo))
            {
                LibC.Ipv4PacketInfo v4 = new() { LocalAddress = ((LibC.Ipv4PacketInfo*)info)->LocalAddress };
                return Write(start, LibC.IPPROTO_IP, LibC.IP_PKTINFO, &v4, sizeof(LibC.Ipv4PacketInfo));
            }

            if (packetInfo.Length != sizeof(LibC.Ipv6PacketInfo))
                return 0;
            LibC.Ipv6PacketInfo v6 = *(LibC.Ipv6PacketInfo*)info;
            bool linkLocal = info[0] == 0xfe && (info[1] & 0xc0) == 0x80;
            if (!linkLocal)
                v6.InterfaceIndex = 0;
            return Write(start, LibC.IPPROTO_IPV6, LibC.IPV6_PKTINFO, &v6, sizeof(LibC.Ipv6PacketInfo));
        }
    }

    /// <summary>Appends the message that marks one datagram with DSCP EF.</summary>
    /// <returns>Bytes written.</returns>
    public static int WriteExpedited(byte* target, bool v6)
    {
        int mark = ExpeditedForwarding;
        return v6
            ? Write(target, LibC.IPPROTO_IPV6, LibC.IPV6_TCLASS, &mark, sizeof(int))
            : Write(target, LibC.IPPROTO_IP, LibC.IP_TOS, &mark, sizeof(int));
    }

    private static int Write(byte* target, int level, int type, void* data, int size)
    {
        LibC.ControlHeader* header = (LibC.ControlHeader*)target;
        header->Length = (nuint)(sizeof(LibC.ControlHeader) + size);
        header->Level = level;
        header->Type = type;
        Buffer.MemoryCopy(data, target + sizeof(LibC.ControlHeader), size, size);
        return (int)Aligned(header->Length);
    }

    // CMSG_ALIGN on 64-bit systems.
    private static nuint Aligned(nuint length) => (length + 7) & ~(nuint)7;
}
