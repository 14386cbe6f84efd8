using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FastForward.Host.Interop;

/// <summary>
/// What the actors need of the C library: datagrams without an allocation and without an exception for "nothing there",
/// which the framework's socket cannot do without a second system call.
/// </summary>
internal static unsafe partial class LibC
{
    public const int EINTR = 4;
    public const int EAGAIN = 11;
    public const int ECONNREFUSED = 111;
    public const int MSG_DONTWAIT = 0x40;
    public const int EPOLL_CLOEXEC = 0x80000;
    public const int EPOLL_CTL_ADD = 1;
    public const int EPOLL_CTL_DEL = 2;
    public const uint EPOLLIN = 0x001;

    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "recvfrom", SetLastError = true)]
    public static partial nint ReceiveFrom(
        SafeSocketHandle socket,
        byte* buffer,
        nuint length,
        int flags,
        UdpAddress* from,
        uint* fromLength
    );

    [LibraryImport(Library, EntryPoint = "sendto", SetLastError = true)]
    public static partial nint SendTo(
        SafeSocketHandle socket,
        byte* buffer,
        nuint length,
        int flags,
        UdpAddress* to,
        uint toLength
    );

    [LibraryImport(Library, EntryPoint = "getsockopt", SetLastError = true)]
    public static partial int GetSocketOption(
        SafeSocketHandle socket,
        int level,
        int option,
        void* value,
        uint* length
    );

    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(
        SafeFileHandle epoll,
        int operation,
        SafeSocketHandle socket,
        byte* epollEvent
    );

    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(SafeFileHandle epoll, byte* events, int capacity, int timeoutMilliseconds);
}
