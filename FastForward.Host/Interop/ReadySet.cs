using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FastForward.Host.Interop;

/// <summary>
/// Tells which of many sockets have something to read, in one system call (epoll(7)). Its own descriptor is readable
/// while any of them is, so that the loop watches one descriptor for all.
/// </summary>
internal sealed unsafe class ReadySet : IDisposable
{
    private const int Capacity = 64;

    // struct epoll_event is packed to 12 bytes on x86-64 and naturally aligned elsewhere.
    private static readonly int s_stride = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int s_tokenOffset = s_stride - sizeof(ulong);

    private readonly SafeFileHandle _epoll;
    private readonly byte[] _events = GC.AllocateArray<byte>(Capacity * 16, pinned: true);

    public ReadySet()
    {
        _epoll = new SafeFileHandle(LibC.EpollCreate(LibC.EPOLL_CLOEXEC), ownsHandle: true);
        if (_epoll.IsInvalid)
            throw new IOException($"epoll_create1: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>The set's own descriptor.</summary>
    public int Descriptor => (int)_epoll.DangerousGetHandle();

    /// <summary>Watches a socket; <paramref name="token"/> comes back when it is readable.</summary>
    public void Add(DatagramSocket socket, int token)
    {
        byte* entry = stackalloc byte[16];
        *(uint*)entry = LibC.EPOLLIN;
        *(ulong*)(entry + s_tokenOffset) = (ulong)token;
        if (LibC.EpollControl(_epoll, LibC.EPOLL_CTL_ADD, socket.Handle, entry) != 0)
            throw new IOException($"epoll_ctl: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Watches a socket no longer. Call it before the socket is closed.</summary>
    public void Remove(DatagramSocket socket)
    {
        byte* unused = stackalloc byte[16];
        _ = LibC.EpollControl(_epoll, LibC.EPOLL_CTL_DEL, socket.Handle, unused);
    }

    /// <summary>Looks once, without waiting.</summary>
    /// <returns>How many sockets are readable; ask for them with the indexer.</returns>
    public int Look()
    {
        fixed (byte* events = _events)
            return Math.Max(0, LibC.EpollWait(_epoll, events, Capacity, 0));
    }

    /// <summary>The token of readable socket <paramref name="index"/> of the last <see cref="Look"/>.</summary>
    public int this[int index] => (int)BitConverter.ToUInt64(_events, (index * s_stride) + s_tokenOffset);

    public void Dispose() => _epoll.Dispose();
}
