using System.Net;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Datagrams;

namespace FastForward.Transport.Transports.Ip;

/// <summary>A link of <see cref="IpTransport"/>.</summary>
internal sealed unsafe class IpLink(
    IpPort port,
    IpSocket? socket,
    IPEndPoint remote,
    LinkTraits traits,
    ReadOnlySpan<byte> address,
    ReadOnlySpan<byte> control,
    ReadOnlySpan<byte> realTimeControl,
    bool inbound
) : DatagramLink(port, socket, remote, traits, address, control, realTimeControl, inbound)
{
    // A host-local link takes nothing that came over a wire, whatever source address the datagram claims.
    public override bool IsFrom(in DatagramReceiveBatch.Datagram datagram) =>
        IsFrom(datagram.Source)
        && (!Traits.HostLocal || IpAddresses.StayedOnLoopback(datagram.Source, IpPort.PacketInfo(datagram)));

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
