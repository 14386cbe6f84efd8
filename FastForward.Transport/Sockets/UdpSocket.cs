using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Sockets;

/// <summary>
/// A UDP socket that never waits and allocates nothing per datagram. For sockets of an actor: a
/// <see cref="UdpReceiver"/> on the loop hands over what arrives at one or many of them.
/// </summary>
/// <remarks>
/// Not thread-safe: one thread uses and disposes it, usually that of the loop. After <see cref="Dispose"/> every other
/// member throws <see cref="ObjectDisposedException"/>.
/// </remarks>
public sealed unsafe class UdpSocket : IDisposable
{
    /// <summary>Room for any UDP datagram, in bytes.</summary>
    public const int MaxDatagramBytes = 65_536;

    private const int MemoryCounters = 9; // SK_MEMINFO_VARS and SK_MEMINFO_DROPS of linux/sock_diag.h
    private const int DropCounter = 8;

    // The framework's socket opens, binds and closes, with its well-known exceptions. Datagrams bypass it.
    private readonly Socket _socket;

    private UdpSocket(AddressFamily family)
    {
        _socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        Descriptor = new Descriptor((int)_socket.Handle, ownsHandle: false);
    }

    /// <summary>Where the socket is bound; never null after <see cref="Bind"/> or <see cref="Connect"/>.</summary>
    public IPEndPoint LocalEndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>
    /// Datagrams that the kernel has dropped because the receive buffer was full, since the socket was created, modulo
    /// 2^32. Always 0 where the kernel does not report it (before Linux 4.12).
    /// </summary>
    public uint DroppedDatagrams
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            uint* counters = stackalloc uint[MemoryCounters];
            uint length = MemoryCounters * sizeof(uint);
            return
                LibC.GetSocketOption(Descriptor, LibC.SOL_SOCKET, LibC.SO_MEMINFO, counters, &length) == 0
                && length == MemoryCounters * sizeof(uint)
                ? counters[DropCounter]
                : 0;
        }
    }

    internal Descriptor Descriptor { get; }

    internal bool IsDisposed => Descriptor.IsClosed;

    /// <summary>Opens a socket that receives datagrams of any sender.</summary>
    /// <param name="local">Address and port; port 0 lets the kernel choose.</param>
    /// <param name="receiveBufferBytes">
    /// Requested receive buffer; the kernel grants at most <c>net.core.rmem_max</c>. 0 keeps the kernel's default.
    /// </param>
    /// <exception cref="SocketException">The end point is not available.</exception>
    public static UdpSocket Bind(IPEndPoint local, int receiveBufferBytes = 0)
    {
        ArgumentNullException.ThrowIfNull(local);
        ArgumentOutOfRangeException.ThrowIfNegative(receiveBufferBytes);
        UdpSocket socket = new(local.AddressFamily);
        try
        {
            if (receiveBufferBytes > 0)
                socket._socket.ReceiveBufferSize = receiveBufferBytes;
            socket._socket.Bind(local);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens a socket on a port of the kernel's choice that exchanges datagrams with one remote only.
    /// </summary>
    /// <param name="remote">Address and port of the remote.</param>
    /// <exception cref="SocketException">
    /// No descriptor is left but the reserve (<see cref="OpenFileLimit"/>), no port is left, or there is no route to
    /// the remote.
    /// </exception>
    public static UdpSocket Connect(IPEndPoint remote)
    {
        ArgumentNullException.ThrowIfNull(remote);
        UdpSocket socket = new(remote.AddressFamily);
        try
        {
            if (DescriptorReserve.Includes(socket.Descriptor.Number))
                throw new SocketException((int)SocketError.TooManyOpenSockets);
            socket._socket.Connect(remote);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes one datagram that has arrived; what does not fit into <paramref name="buffer"/> is lost.
    /// </summary>
    /// <param name="buffer">Receives the payload.</param>
    /// <param name="length">Bytes received; 0 is a datagram without payload.</param>
    /// <param name="source">Where it came from.</param>
    /// <returns><see cref="SocketError.WouldBlock"/> when there is none.</returns>
    public SocketError Receive(Span<byte> buffer, out int length, out UdpAddress source)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        source = default;
        uint sourceLength = IpAddresses.Capacity;
        fixed (byte* bytes = buffer)
        fixed (UdpAddress* address = &source)
        {
            nint count = LibC.ReceiveFrom(
                Descriptor,
                bytes,
                (nuint)buffer.Length,
                LibC.MSG_DONTWAIT,
                address,
                &sourceLength
            );
            length = count < 0 ? 0 : (int)count;
            return count < 0 ? UdpError.OfLastCall() : SocketError.Success;
        }
    }

    /// <summary>Sends one datagram to where the socket is connected.</summary>
    /// <param name="datagram">The payload.</param>
    /// <returns>
    /// <see cref="SocketError.WouldBlock"/> when the send buffer is full. <see cref="SocketError.ConnectionRefused"/>
    /// reports an earlier datagram, and this one was not sent.
    /// </returns>
    public SocketError Send(ReadOnlySpan<byte> datagram) => Send(datagram, null, 0);

    /// <summary>Sends one datagram.</summary>
    /// <param name="datagram">The payload.</param>
    /// <param name="destination">Where to.</param>
    /// <returns><see cref="SocketError.WouldBlock"/> when the send buffer is full.</returns>
    public SocketError SendTo(ReadOnlySpan<byte> datagram, in UdpAddress destination)
    {
        fixed (UdpAddress* address = &destination)
            return Send(datagram, address, destination.Length);
    }

    /// <summary>Closes the socket. A <see cref="UdpReceiver"/> that has it reports it no more.</summary>
    public void Dispose()
    {
        Descriptor.Dispose();
        _socket.Dispose();
    }

    private SocketError Send(ReadOnlySpan<byte> datagram, UdpAddress* address, uint length)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        fixed (byte* bytes = datagram)
        {
            nint count = LibC.SendTo(
                Descriptor,
                bytes,
                (nuint)datagram.Length,
                LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL,
                address,
                length
            );
            return count < 0 ? UdpError.OfLastCall() : SocketError.Success;
        }
    }
}
