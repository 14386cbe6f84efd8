using System.Runtime.InteropServices;
using FastForward.Benchmarks.CrossProcess.Processes;

namespace FastForward.Benchmarks.CrossProcess.Contestants;

/// <summary>Whether two processes of this machine can reach each other over AF_VSOCK, which the floor needs (vsock(7)).</summary>
internal static unsafe partial class VSocketProbe
{
    private const int AF_VSOCK = 40;
    private const int SOCK_STREAM = 1;
    private const int SOCK_SEQPACKET = 5;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int VMADDR_CID_LOCAL = 1;
    private const uint UnusedPort = 1;
    private const int ECONNRESET = 104;
    private const int ECONNREFUSED = 111;

    /// <returns>Why not; null when they can.</returns>
    public static string? Problem(VSocketType type)
    {
        int descriptor = Open(AF_VSOCK, (type == VSocketType.Stream ? SOCK_STREAM : SOCK_SEQPACKET) | SOCK_CLOEXEC, 0);
        if (descriptor < 0) return $"socket(AF_VSOCK): {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}";
        Address address = new() { Family = AF_VSOCK, Port = UnusedPort, ContextId = VMADDR_CID_LOCAL };
        int error = Connect(descriptor, &address, (uint)sizeof(Address)) == 0 ? 0 : Marshal.GetLastPInvokeError();
        _ = Close(descriptor);

        // That nobody listens there was said by a kernel that knows the way.
        return error is 0 or ECONNRESET or ECONNREFUSED ? null : $"no way to CID 1, the machine itself: {Marshal.GetPInvokeErrorMessage(error)} (modprobe vsock_loopback)";
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int Open(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static partial int Connect(int descriptor, Address* address, uint length);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    /// <summary>struct sockaddr_vm.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 16)]
    private struct Address
    {
        public ushort Family;
        public ushort Reserved;
        public uint Port;
        public uint ContextId;
    }
}
