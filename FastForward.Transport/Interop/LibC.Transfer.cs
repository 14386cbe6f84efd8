using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>
/// The calls that every frame passes. They go through syscall(2): the wrappers of the same names are cancellation points,
/// which costs two atomic operations a call in a process with several threads. They take the descriptor's number and not
/// the SafeHandle, whose counting costs two more; the caller is the thread that closes it.
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

    /// <summary>recv(2). Descriptors that a UNIX peer attaches are closed by the kernel: no room for them is offered.</summary>
    public static nint Receive(Descriptor socket, void* buffer, nuint length, int flags) =>
        SystemCall(SYS_recvfrom, socket.Number, (nint)buffer, (nint)length, flags, 0, 0);

    /// <summary>sendmsg(2).</summary>
    public static nint SendMessage(Descriptor socket, MessageHeader* message, int flags) =>
        SystemCall(SYS_sendmsg, socket.Number, (nint)message, flags, 0, 0, 0);

    /// <summary>recvmsg(2).</summary>
    public static nint ReceiveMessage(Descriptor socket, MessageHeader* message, int flags) =>
        SystemCall(SYS_recvmsg, socket.Number, (nint)message, flags, 0, 0, 0);

    /// <summary>
    /// sendmmsg(2). An error is told only when it met the first message; after at least one success the count is.
    /// </summary>
    public static int SendMessages(Descriptor socket, BatchedMessage* messages, uint count, int flags) =>
        (int)SystemCall(SYS_sendmmsg, socket.Number, (nint)messages, (nint)count, flags, 0, 0);

    /// <summary>recvmmsg(2), without its time-out (which does not work as one expects; see the manual's BUGS).</summary>
    public static int ReceiveMessages(Descriptor socket, BatchedMessage* messages, uint count, int flags) =>
        (int)SystemCall(SYS_recvmmsg, socket.Number, (nint)messages, (nint)count, flags, 0, 0);

    // Variadic in C; integers travel in the same registers either way on both platforms.
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
