using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>
/// Structures of the socket calls, equal on x86-64 and arm64. Ports and IP addresses are in network byte order.
/// </summary>
internal static unsafe partial class LibC
{
    /// <summary>struct iovec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct IoVector
    {
        public void* Base;
        public nuint Length;
    }

    /// <summary>struct msghdr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>struct mmsghdr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct BatchedMessage
    {
        public MessageHeader Header;
        public uint Length;
    }

    /// <summary>struct cmsghdr: the head of one control message, followed by its data.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ControlHeader
    {
        public nuint Length;
        public int Level;
        public int Type;
    }

    /// <summary>struct sockaddr_in.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 16)]
    public struct Ipv4SocketAddress
    {
        public ushort Family;
        public ushort Port;
        public uint Address;
    }

    /// <summary>struct sockaddr_in6.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Ipv6SocketAddress
    {
        public ushort Family;
        public ushort Port;
        public uint FlowInfo;
        public Ipv6Address Address;
        public uint ScopeId;
    }

    /// <summary>struct in6_addr, as two halves for comparison, with the alignment of 32-bit words as in C.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    public struct Ipv6Address
    {
        public ulong High;
        public ulong Low;
    }

    /// <summary>struct sockaddr_un.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct UnixSocketAddress
    {
        public ushort Family;
        public fixed byte Path[UnixPathCapacity];
    }

    /// <summary>sizeof(sockaddr_un.sun_path): a path and its terminating zero.</summary>
    public const int UnixPathCapacity = 108;

    /// <summary>struct in_pktinfo.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Ipv4PacketInfo
    {
        public int InterfaceIndex;
        public uint LocalAddress;
        public uint HeaderAddress;
    }

    /// <summary>struct in6_pktinfo.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Ipv6PacketInfo
    {
        public Ipv6Address Address;
        public uint InterfaceIndex;
    }

    /// <summary>struct ucred.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Credentials
    {
        public int ProcessId;
        public uint UserId;
        public uint GroupId;
    }

    /// <summary>struct sock_extended_err.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ExtendedError
    {
        public uint Error;
        public byte Origin;
        public byte Type;
        public byte Code;
        public byte Padding;
        public uint Info;
        public uint Data;
    }
}
