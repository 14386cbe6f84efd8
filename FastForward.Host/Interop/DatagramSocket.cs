using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace FastForward.Host.Interop;

/// <summary>
/// A UDP socket that never waits. The framework's socket opens and closes it, so that faults come with its clear
/// exceptions; datagrams go past it, without an allocation each.
/// </summary>
internal sealed unsafe class DatagramSocket : IDisposable
{
    /// <summary>The largest datagram that UDP carries, rounded up.</summary>
    public const int MaxDatagram = 65_536;

    // What many clients send at once waits here; the kernel grants what net.core.rmem_max allows.
    private const int BoundReceiveBuffer = 4 << 20;

    private const int SOL_SOCKET = 1;
    private const int SO_MEMINFO = 55;
    private const int MemoryCounters = 9;
    private const int DropCounter = 8;

    private readonly Socket _socket;

    private DatagramSocket(AddressFamily family)
    {
        _socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        Handle = _socket.SafeHandle;
    }

    /// <summary>The descriptor.</summary>
    public SafeSocketHandle Handle { get; }

    /// <summary>Its number.</summary>
    public int Descriptor => (int)Handle.DangerousGetHandle();

    /// <summary>
    /// Datagrams that the kernel dropped since the socket was made because its buffer was full, modulo 2^32; always 0 where
    /// the kernel does not tell.
    /// </summary>
    public uint Overflows
    {
        get
        {
            Span<uint> counters = stackalloc uint[MemoryCounters];
            uint length = MemoryCounters * sizeof(uint);
            fixed (uint* memory = counters)
                return LibC.GetSocketOption(Handle, SOL_SOCKET, SO_MEMINFO, memory, &length) == 0
                    ? counters[DropCounter]
                    : 0;
        }
    }

    /// <summary>A socket that takes datagrams of anybody at <paramref name="local"/>.</summary>
    /// <exception cref="SocketException">The end point cannot be had.</exception>
    public static DatagramSocket Bind(IPEndPoint local)
    {
        DatagramSocket socket = new(local.AddressFamily);
        try
        {
            socket._socket.ReceiveBufferSize = BoundReceiveBuffer;
            socket._socket.Bind(local);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A socket that talks to <paramref name="remote"/> only, from a port of its own.</summary>
    /// <exception cref="SocketException">No descriptor or no port is left, or no way leads there.</exception>
    public static DatagramSocket Connect(IPEndPoint remote)
    {
        DatagramSocket socket = new(remote.AddressFamily);
        try
        {
            socket._socket.Connect(remote);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Takes one datagram.</summary>
    /// <returns>Its length, or a negative errno; -EAGAIN when there is none.</returns>
    public int Receive(Span<byte> buffer, out UdpAddress from)
    {
        from = default;
        uint length = UdpAddress.Capacity;
        fixed (byte* bytes = buffer)
        fixed (UdpAddress* address = &from)
        {
            nint count = LibC.ReceiveFrom(Handle, bytes, (nuint)buffer.Length, LibC.MSG_DONTWAIT, address, &length);
            return count >= 0 ? (int)count : -Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>Sends one datagram to <paramref name="to"/>.</summary>
    /// <returns>Its length, or a negative errno.</returns>
    public int SendTo(ReadOnlySpan<byte> datagram, in UdpAddress to)
    {
        fixed (UdpAddress* address = &to)
            return Send(datagram, address, to.Length);
    }

    /// <summary>Sends one datagram to where the socket is connected.</summary>
    /// <returns>Its length, or a negative errno.</returns>
    public int Send(ReadOnlySpan<byte> datagram) => Send(datagram, null, 0);

    public void Dispose() => _socket.Dispose();

    private int Send(ReadOnlySpan<byte> datagram, UdpAddress* address, uint length)
    {
        // An empty span has no address, and the kernel takes a null pointer for a fault only when the length is not 0.
        fixed (byte* bytes = datagram)
        {
            nint count = LibC.SendTo(Handle, bytes, (nuint)datagram.Length, LibC.MSG_DONTWAIT, address, length);
            return count >= 0 ? (int)count : -Marshal.GetLastPInvokeError();
        }
    }
}
