using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>
/// The calls of the data path. They use syscall(2): the libc functions are cancellation points (pthreads(7)), which
/// costs two atomic operations per call in a process with several threads. They pass the descriptor's number and not
/// the SafeHandle, whose reference counting costs two more; the calling thread must be the one that closes it.
/// </summary>
internal static unsafe partial class LibC
{
    // asm/unistd_64.h and asm-generic/unistd.h (arm64): the numbers differ between the two platforms.
    public static readonly nint SYS_sendto = OnX64 ? 44 : 206;
    public static readonly nint SYS_recvfrom = OnX64 ? 45 : 207;
    public static readonly nint SYS_sendmsg = OnX64 ? 46 : 211;
    public static readonly nint SYS_recvmsg = OnX64 ? 47 : 212;
    public static readonly nint SYS_recvmmsg = OnX64 ? 299 : 243;
    public static readonly nint SYS_sendmmsg = OnX64 ? 307 : 269;

    private static bool OnX64 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>send(2).</summary>
    public static nint Send(Descriptor socket, void* buffer, nuint length, int flags) =>
        SystemCall(SYS_sendto, socket.Number, (nint)buffer, (nint)length, flags, 0, 0);

    /// <summary>sendto(2).</summary>
    public static nint SendTo(
        Descriptor socket,
        void* buffer,
        nuint length,
        int flags,
        void* address,
        uint addressLength
    ) => SystemCall(SYS_sendto, socket.Number, (nint)buffer, (nint)length, flags, (nint)address, (nint)addressLength);

    /// <summary>
    /// recv(2). Descriptors sent by a UNIX peer (SCM_RIGHTS) are discarded by the kernel, as there is no room for them.
    /// </summary>
    public static nint Receive(Descriptor socket, void* buffer, nuint length, int flags) =>
        SystemCall(SYS_recvfrom, socket.Number, (nint)buffer, (nint)length, flags, 0, 0);

    /// <summary>sendmsg(2).</summary>
    public static nint SendMessage(Descriptor socket, MessageHeader* message, int flags) =>
        SystemCall(SYS_sendmsg, socket.Number, (nint)message, flags, 0, 0, 0);

    /// <summary>recvmsg(2).</summary>
    public static nint ReceiveMessage(Descriptor socket, MessageHeader* message, int flags) =>
        SystemCall(SYS_recvmsg, socket.Number, (nint)message, flags, 0, 0, 0);

    /// <summary>
    /// sendmmsg(2). -1 with errno only when the first message failed; otherwise the number of messages sent.
    /// </summary>
    public static int SendMessages(Descriptor socket, BatchedMessage* messages, uint count, int flags) =>
        (int)SystemCall(SYS_sendmmsg, socket.Number, (nint)messages, (nint)count, flags, 0, 0);

    /// <summary>
    /// recvmmsg(2), without its time-out, which is checked only after a datagram arrives (BUGS in the manual).
    /// </summary>
    public static int ReceiveMessages(Descriptor socket, BatchedMessage* messages, uint count, int flags) =>
        (int)SystemCall(SYS_recvmmsg, socket.Number, (nint)messages, (nint)count, flags, 0, 0);

    // Variadic in C; on both platforms variadic integers are passed in the same registers.
    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(
        nint number,
        nint first,
        nint second,
        nint third,
        nint fourth,
        nint fifth,
        nint sixth
    );
}
