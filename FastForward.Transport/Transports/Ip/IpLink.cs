using System.Net;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Datagrams;

namespace FastForward.Transport.Transports.Ip;

/// <summary>A link of <see cref="IpTransport"/>.</summary>
/// <param name="port">The owner.</param>
/// <param name="socket">Where frames leave; null only for a link that is closed before it is returned.</param>
/// <param name="remote">The remote end point.</param>
/// <param name="local">The local end point; null while it is not known.</param>
/// <param name="traits">What the link promises.</param>
/// <param name="address">The remote end point's raw socket address.</param>
/// <param name="control">The control messages of every frame.</param>
/// <param name="realTimeControl">The control messages of a frame with real-time payload.</param>
/// <param name="inbound">The link was adopted from a stranger.</param>
internal sealed unsafe class IpLink(
    IpPort port,
    IpSocket? socket,
    IPEndPoint remote,
    IPEndPoint? local,
    LinkTraits traits,
    ReadOnlySpan<byte> address,
    ReadOnlySpan<byte> control,
    ReadOnlySpan<byte> realTimeControl,
    bool inbound
) : DatagramLink(port, socket, remote, traits, address, control, realTimeControl, inbound)
{
    private IPEndPoint? _local = local;

    public override EndPoint? LocalEndPoint => _local;

    // A host-local link takes nothing that came over a wire, whatever source address the datagram claims.
    public override bool IsFrom(in DatagramReceiveBatch.Datagram datagram)
    {
        if (
            !IsFrom(datagram.Source)
            || (Traits.HostLocal && !IpAddresses.StayedOnLoopback(datagram.Source, IpPort.PacketInfo(datagram)))
        )
            return false;
        // A socket for all addresses: the kernel has chosen one of them for what was sent, and the answer names it.
        _local ??= IpPort.LocalEndPointOf(socket!, IpPort.PacketInfo(datagram));
        return true;
    }

    private bool IsFrom(ReadOnlySpan<byte> source)
    {
        if (source.Length != Address.Length)
            return false;
        if (Address.Length == sizeof(LibC.Ipv4SocketAddress))
            return MemoryMarshal.Read<ulong>(source) == MemoryMarshal.Read<ulong>(Address); // family, port, address
        LibC.Ipv6SocketAddress theirs = MemoryMarshal.Read<LibC.Ipv6SocketAddress>(source);
        LibC.Ipv6SocketAddress ours = MemoryMarshal.Read<LibC.Ipv6SocketAddress>(Address);
        return theirs.Port == ours.Port
            && theirs.Address.Low == ours.Address.Low
            && theirs.Address.High == ours.Address.High
            && theirs.Family == ours.Family
            && (ours.ScopeId == 0 || ours.ScopeId == theirs.ScopeId);
    }
}
