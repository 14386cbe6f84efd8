using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Interop;

namespace FastForward.Tests.Transports;

/// <summary>
/// A UDP socket that reads the TOS or traffic class byte of each datagram (IP_RECVTOS), which .NET does not support.
/// </summary>
internal sealed unsafe class MarkReader : IDisposable
{
    private readonly Socket _socket;
    private readonly bool _v6;

    public MarkReader(IPAddress address)
    {
        _v6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        _socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _socket.Bind(new IPEndPoint(address, 0));
        int one = 1;
        (int level, int option) = _v6 ? (LibC.IPPROTO_IPV6, LibC.IPV6_RECVTCLASS) : (LibC.IPPROTO_IP, LibC.IP_RECVTOS);
        _socket.SetRawSocketOption(level, option, BitConverter.GetBytes(one));
    }

    public EndPoint LocalEndPoint => _socket.LocalEndPoint!;

    /// <summary>The next datagram's length and mark.</summary>
    public (int Length, byte Mark) Read()
    {
        if (!_socket.Poll(LoopDriver.Limit, SelectMode.SelectRead))
            throw new AssertionException("No datagram came.");
        byte* payload = stackalloc byte[2000];
        byte* control = stackalloc byte[64];
        LibC.IoVector vector = new() { Base = payload, Length = 2000 };
        LibC.MessageHeader message = new()
        {
            Vectors = &vector,
            VectorCount = 1,
            Control = control,
            ControlLength = 64,
        };
        using Descriptor descriptor = new((int)_socket.SafeHandle.DangerousGetHandle());
        try
        {
            nint length = LibC.ReceiveMessage(descriptor, &message, LibC.MSG_DONTWAIT);
            if (length < 0)
                throw new AssertionException(LibC.Describe(LibC.LastError));
            LibC.ControlHeader* header = (LibC.ControlHeader*)control;
            if (message.ControlLength == 0)
                throw new AssertionException("No mark came with the datagram.");
            if (header->Type != (_v6 ? LibC.IPV6_TCLASS : LibC.IP_TOS))
                throw new AssertionException($"A control message of type {header->Type} came instead of the mark.");
            return ((int)length, control[sizeof(LibC.ControlHeader)]);
        }
        finally
        {
            descriptor.SetHandleAsInvalid(); // the Socket closes it
        }
    }

    public void Dispose() => _socket.Dispose();
}
