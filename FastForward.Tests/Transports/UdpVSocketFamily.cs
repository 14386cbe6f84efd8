using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Tests.Transports;

/// <summary>
/// Emulates the datagrams of AF_VSOCK, which only VMware supports, for <see cref="VSocketTransport"/> by UDP sockets:
/// context id 1 is 127.0.0.1, and the port is the same.
/// </summary>
internal sealed unsafe class UdpVSocketFamily : IVSocketFamily
{
    public bool TearsPackets => false;

    public bool CarriesSeqPacket => true;

    public Descriptor CreateSocket(int type) =>
        new(LibC.Socket(LibC.AF_INET, type | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0));

    public int Bind(Descriptor socket, int port)
    {
        byte* address = stackalloc byte[IpAddresses.Capacity];
        int length = WriteAddress(
            new VSocketEndPoint(VSocketEndPoint.LocalCid, port),
            new Span<byte>(address, IpAddresses.Capacity)
        );
        return LibC.Bind(socket, address, (uint)length) == 0 ? 0 : LibC.LastError;
    }

    public int Connect(Descriptor socket, VSocketEndPoint remote, bool toHost) => throw new NotSupportedException();

    public int WriteAddress(VSocketEndPoint remote, Span<byte> target) =>
        IpAddresses.Write(new IPEndPoint(IPAddress.Loopback, remote.Port), target);

    public VSocketEndPoint? ReadAddress(ReadOnlySpan<byte> address) =>
        IpAddresses.Read(address) is { } source ? new VSocketEndPoint(VSocketEndPoint.LocalCid, source.Port) : null;

    public uint? ReadPeer(Descriptor socket) => throw new NotSupportedException();

    public uint? ReadOwnCid() => VSocketEndPoint.AnyCid;
}
