using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>AF_VSOCK: vsock(7), linux/vm_sockets.h.</summary>
internal static unsafe partial class LibC
{
    public const uint VMADDR_CID_ANY = 0xFFFF_FFFF;
    public const uint VMADDR_CID_HYPERVISOR = 0;
    public const uint VMADDR_CID_LOCAL = 1;
    public const uint VMADDR_CID_HOST = 2;
    public const uint VMADDR_PORT_ANY = 0xFFFF_FFFF;
    public const byte VMADDR_FLAG_TO_HOST = 1;
    public const uint IOCTL_VM_SOCKETS_GET_LOCAL_CID = 0x7b9;

    /// <summary>ioctl(2) with a pointer to an unsigned int.</summary>
    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(Descriptor file, nuint request, uint* argument);

    /// <summary>struct sockaddr_vm. Port and context id are in host order.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 16)]
    public struct VSocketAddress
    {
        public ushort Family;
        public ushort Reserved;
        public uint Port;
        public uint Cid;
        public byte Flags;
    }
}
