using System.Net;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Datagrams;
using FastForward.Transport.Transports.Links;

namespace FastForward.Transport.Transports.Ip;

/// <summary>A link of <see cref="IpTransport"/>.</summary>
internal sealed unsafe class IpLink : DatagramLink
{
    private readonly IpTransport _owner;
    private readonly byte[] _address = new byte[IpAddresses.Capacity];
    private readonly int _addressLength;
    private readonly byte[] _control = new byte[ControlMessages.Capacity];
    private readonly int _controlLength;

    public IpLink(
        IpTransport transport,
        ForwardLoop loop,
        DeferredEvents events,
        UdpSocket? socket,
        IPEndPoint remote,
        LinkTraits traits,
        ReadOnlySpan<byte> packetInfo,
        bool inbound
    )
        : base(transport, loop, events, socket, remote, traits, inbound)
    {
        _owner = transport;
        _addressLength = IpAddresses.Write(remote, _address);
        _controlLength = ControlMessages.WriteDeparture(packetInfo, _control);
    }

    public override bool IsFrom(ReadOnlySpan<byte> source)
    {
        if (source.Length != _addressLength)
            return false;
        if (_addressLength == sizeof(LibC.Ipv4SocketAddress))
            return MemoryMarshal.Read<ulong>(source) == MemoryMarshal.Read<ulong>(_address); // family, port, address
        LibC.Ipv6SocketAddress theirs = MemoryMarshal.Read<LibC.Ipv6SocketAddress>(source);
        LibC.Ipv6SocketAddress ours = MemoryMarshal.Read<LibC.Ipv6SocketAddress>(_address);
        return theirs.Port == ours.Port
            && theirs.Address.Low == ours.Address.Low
            && theirs.Address.High == ours.Address.High
            && theirs.Family == ours.Family
            && (ours.ScopeId == 0 || ours.ScopeId == theirs.ScopeId);
    }

    protected override void Stage(int length, bool realTime) =>
        Stage(
            length,
            _address.AsSpan(0, _addressLength),
            _control.AsSpan(0, _controlLength),
            realTime && _owner.MarksRealTime
        );

    protected override void Release()
    {
        base.Release();
        _owner.Forget(this);
    }
}
