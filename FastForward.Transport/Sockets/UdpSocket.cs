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

    // The framework's socket opens, binds and closes, with its well-known exceptions. Datagrams bypass it.
    private readonly Socket _socket;
    private readonly bool _isV6;

    private UdpSocket(AddressFamily family)
    {
        _socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        _isV6 = family == AddressFamily.InterNetworkV6;
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
            return ReceiveBuffer.DroppedDatagrams(Descriptor);
        }
    }

    internal Descriptor Descriptor { get; }

    internal bool IsDisposed => Descriptor.IsClosed;

    /// <summary>Opens a socket that receives datagrams of any sender.</summary>
    /// <param name="local">
    /// Address and port; port 0 lets the kernel choose. <c>::</c> takes IPv4 too, where the system has it.
    /// </param>
    /// <param name="receiveBufferBytes">
    /// Requested receive buffer; the kernel grants at most <c>net.core.rmem_max</c>. 0 keeps the kernel's default.
    /// </param>
    /// <exception cref="SocketException">
    /// The end point is not available; the message names the process that has it, where this user may see it.
    /// </exception>
    public static UdpSocket Bind(IPEndPoint local, int receiveBufferBytes = ReceiveBuffer.DefaultBytes)
    {
        ArgumentNullException.ThrowIfNull(local);
        ArgumentOutOfRangeException.ThrowIfNegative(receiveBufferBytes);
        UdpSocket socket = new(local.AddressFamily);
        try
        {
            if (receiveBufferBytes > 0)
                ReceiveBuffer.Request(socket.Descriptor, receiveBufferBytes);
            if (local.Address.Equals(IPAddress.IPv6Any))
                socket._socket.DualMode = true;
            socket.AskForArrival(local.Address);
            socket._socket.Bind(local);
            return socket;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            socket.Dispose();
            throw new SocketException(
                (int)exception.SocketErrorCode,
                $"{exception.Message}: {PortHolder.Describe(local)}"
            );
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
    /// <param name="receiveBufferBytes">As for <see cref="Bind"/>.</param>
    /// <exception cref="SocketException">
    /// No descriptor is left but the reserve (<see cref="OpenFileLimit"/>), no port is left, or there is no route to
    /// the remote.
    /// </exception>
    public static UdpSocket Connect(IPEndPoint remote, int receiveBufferBytes = ReceiveBuffer.DefaultBytes)
    {
        ArgumentNullException.ThrowIfNull(remote);
        ArgumentOutOfRangeException.ThrowIfNegative(receiveBufferBytes);
        UdpSocket socket = new(remote.AddressFamily);
        try
        {
            if (DescriptorReserve.Includes(socket.Descriptor.Number))
                throw new SocketException((int)SocketError.TooManyOpenSockets);
            if (receiveBufferBytes > 0)
                ReceiveBuffer.Request(socket.Descriptor, receiveBufferBytes);
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
    public SocketError Receive(Span<byte> buffer, out int length, out UdpSource source)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        byte* address = stackalloc byte[IpAddresses.Capacity];
        byte* control = stackalloc byte[DatagramSlot.ControlCapacity];
        fixed (byte* bytes = buffer)
        {
            LibC.IoVector vector = new() { Base = bytes, Length = (nuint)buffer.Length };
            LibC.MessageHeader message = new()
            {
                Name = address,
                NameLength = IpAddresses.Capacity,
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = DatagramSlot.ControlCapacity,
            };
            nint count = LibC.ReceiveMessage(Descriptor, &message, LibC.MSG_DONTWAIT);
            length = count < 0 ? 0 : (int)count;
            source =
                count < 0
                    ? default
                    : new UdpSource(
                        new ReadOnlySpan<byte>(address, (int)message.NameLength),
                        new ReadOnlySpan<byte>(control, (int)message.ControlLength)
                    );
            return count < 0 ? UdpError.OfLastCall() : SocketError.Success;
        }
    }

    /// <summary>
    /// Limits how many routers the datagrams sent from here on may pass: the TTL of IPv4, the hop limit of IPv6.
    /// </summary>
    /// <param name="hops">1 to 255.</param>
    public void SetHopLimit(byte hops)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentOutOfRangeException.ThrowIfZero(hops);
        if (_isV6)
            LibC.SetSocketOption(Descriptor, LibC.IPPROTO_IPV6, LibC.IPV6_UNICAST_HOPS, hops);
        else
            LibC.SetSocketOption(Descriptor, LibC.IPPROTO_IP, LibC.IP_TTL, hops);
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

    /// <summary>
    /// Sends one datagram to where another came from. At a socket that is bound to all addresses it leaves from the
    /// address that the other one was sent to: the sender expects it from there.
    /// </summary>
    /// <param name="datagram">The payload.</param>
    /// <param name="source">The source of the datagram that is answered, received by this socket.</param>
    /// <returns><see cref="SocketError.WouldBlock"/> when the send buffer is full.</returns>
    public SocketError Answer(ReadOnlySpan<byte> datagram, in UdpSource source)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        byte* control = stackalloc byte[DatagramSlot.ControlCapacity];
        int length = source.WriteDeparture(new Span<byte>(control, DatagramSlot.ControlCapacity));
        UdpAddress destination = source.Address;
        if (length == 0)
            return Send(datagram, &destination, destination.Length);
        fixed (byte* bytes = datagram)
        {
            LibC.IoVector vector = new() { Base = bytes, Length = (nuint)datagram.Length };
            LibC.MessageHeader message = new()
            {
                Name = &destination,
                NameLength = destination.Length,
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = (nuint)length,
            };
            return LibC.SendMessage(Descriptor, &message, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL) < 0
                ? UdpError.OfLastCall()
                : SocketError.Success;
        }
    }

    /// <summary>Closes the socket. A <see cref="UdpReceiver"/> that has it reports it no more.</summary>
    public void Dispose()
    {
        Descriptor.Dispose();
        _socket.Dispose();
    }

    // A socket of both families reports IPv4 datagrams by the options of IPv4.
    private void AskForArrival(IPAddress local)
    {
        if (_isV6)
            Ask(LibC.IPPROTO_IPV6, LibC.IPV6_RECVHOPLIMIT, LibC.IPV6_RECVPKTINFO, local.Equals(IPAddress.IPv6Any));
        if (!_isV6 || local.Equals(IPAddress.IPv6Any))
            Ask(LibC.IPPROTO_IP, LibC.IP_RECVTTL, LibC.IP_PKTINFO, _isV6 || local.Equals(IPAddress.Any));

        void Ask(int level, int hopLimit, int packetInfo, bool isWildcard)
        {
            LibC.SetSocketOption(Descriptor, level, hopLimit, 1);
            if (isWildcard)
                LibC.SetSocketOption(Descriptor, level, packetInfo, 1);
        }
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
