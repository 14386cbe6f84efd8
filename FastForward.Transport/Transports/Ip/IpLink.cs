using System.Net;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;

namespace FastForward.Transport;

/// <summary>
/// A link of <see cref="IpTransport"/>: an address, and the index by which its frames are known. The kernel knows nothing
/// of it, so opening and closing are local affairs.
/// </summary>
internal sealed unsafe class IpLink : TransportLink
{
    private readonly IpTransport _owner;
    private readonly UdpSocket? _socket;
    private readonly byte[] _address = new byte[IpAddresses.Capacity];
    private readonly int _addressLength;
    private readonly byte[] _control = new byte[ControlMessages.Capacity];
    private readonly int _controlLength;
    private int _slot = -1;

    public IpLink(IpTransport transport, ForwardLoop loop, DeferredEvents events, UdpSocket? socket, IPEndPoint remote, LinkTraits traits, ReadOnlySpan<byte> packetInfo, bool inbound)
        : base(transport, loop, events, remote, inbound)
    {
        _owner = transport;
        _socket = socket;
        Traits = traits;
        _addressLength = IpAddresses.Write(remote, _address);
        _controlLength = ControlMessages.WriteDeparture(packetInfo, _control);
        if (inbound) MarkOpen();
    }

    public override LinkTraits Traits { get; }

    /// <summary>Whether a datagram with this link's index came from this link's far end.</summary>
    public bool IsFrom(ReadOnlySpan<byte> source)
    {
        if (source.Length != _addressLength) return false;
        if (_addressLength == sizeof(LibC.Ipv4SocketAddress))
            return MemoryMarshal.Read<ulong>(source) == MemoryMarshal.Read<ulong>(_address); // family, port, address
        LibC.Ipv6SocketAddress theirs = MemoryMarshal.Read<LibC.Ipv6SocketAddress>(source);
        LibC.Ipv6SocketAddress ours = MemoryMarshal.Read<LibC.Ipv6SocketAddress>(_address);
        return theirs.Port == ours.Port && theirs.Address.Low == ours.Address.Low && theirs.Address.High == ours.Address.High
            && theirs.Family == ours.Family && (ours.ScopeId == 0 || ours.ScopeId == theirs.ScopeId);
    }

    /// <summary>The socket has room again.</summary>
    public void RoomAgain()
    {
        Refused = false;
        Events.Writable(this);
    }

    protected override ClaimResult Acquire(int length, out Span<byte> span)
    {
        _slot = _socket!.Outgoing.Claim();
        if (_slot < 0)
        {
            _owner.Flush(_socket); // the slots may be full of what could leave
            _slot = _socket.Outgoing.Claim();
        }

        if (_slot >= 0)
        {
            span = _socket.Outgoing.Frame(_slot, length);
            return ClaimResult.Claimed;
        }

        span = default;
        _owner.Statistics.Refused();
        if (!Refused)
        {
            Refused = true;
            _socket.AddRefused(this);
        }

        return ClaimResult.BackPressured;
    }

    protected override void Stage(int length, bool realTime)
    {
        _socket!.Outgoing.Stage(_slot, length, _address.AsSpan(0, _addressLength), _control.AsSpan(0, _controlLength), realTime && _owner.MarksRealTime);
        _slot = -1;
    }

    protected override void GiveBack()
    {
        _socket!.Outgoing.GiveBack(_slot);
        _slot = -1;
    }

    protected override void Ending(LinkClosure closure)
    {
        if (_socket is not null) _owner.Flush(_socket);
    }

    protected override void Release() => _owner.Forget(this);
}
