namespace FastForward.Transport.Interop;

/// <summary>The receive buffer of a socket (socket(7)), and what the kernel dropped because it was full.</summary>
internal static unsafe class ReceiveBuffer
{
    /// <summary>
    /// Asked for by default, in bytes: room for what arrives while the process is busy. The kernel grants at most
    /// net.core.rmem_max.
    /// </summary>
    public const int DefaultBytes = 4 << 20;

    private const int MemoryCounters = 9; // SK_MEMINFO_VARS and SK_MEMINFO_DROPS of linux/sock_diag.h
    private const int DropCounter = 8;

    /// <summary>Asks for a size; the kernel silently grants less.</summary>
    public static void Request(Descriptor socket, int bytes) =>
        LibC.SetSocketOption(socket, LibC.SOL_SOCKET, LibC.SO_RCVBUF, bytes);

    /// <summary>The size granted: the kernel reports twice the value, for its own overhead.</summary>
    public static int Granted(Descriptor socket) => LibC.GetSocketOption(socket, LibC.SOL_SOCKET, LibC.SO_RCVBUF) / 2;

    /// <summary>
    /// Datagrams that the kernel dropped since the socket was created, modulo 2^32: the counter of SO_RXQ_OVFL, without
    /// a control message on every datagram. 0 where the kernel does not report it (before Linux 4.12).
    /// </summary>
    public static uint DroppedDatagrams(Descriptor socket)
    {
        uint* counters = stackalloc uint[MemoryCounters];
        uint length = MemoryCounters * sizeof(uint);
        return
            LibC.GetSocketOption(socket, LibC.SOL_SOCKET, LibC.SO_MEMINFO, counters, &length) == 0
            && length == MemoryCounters * sizeof(uint)
            ? counters[DropCounter]
            : 0;
    }
}
