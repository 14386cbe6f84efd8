using FastForward.Transport.Addressing;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Datagrams;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Links;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>A link of <see cref="VSocketDatagramPort"/>.</summary>
internal sealed class VSocketDatagramLink : DatagramLink
{
    private readonly VSocketDatagramPort _port;
    private readonly byte[] _address = new byte[IpAddresses.Capacity];
    private readonly int _addressLength;

    public VSocketDatagramLink(
        VSocketDatagramPort port,
        IForwardTransport transport,
        ForwardLoop loop,
        DeferredEvents events,
        IVSocketFamily family,
        SharedSocket socket,
        VSocketEndPoint remote,
        LinkTraits traits,
        bool inbound
    )
        : base(transport, loop, events, socket, remote, traits, inbound)
    {
        _port = port;
        _addressLength = family.WriteAddress(remote, _address);
    }

    public override bool IsFrom(ReadOnlySpan<byte> source) => source.SequenceEqual(_address.AsSpan(0, _addressLength));

    protected override void Stage(int length, bool realTime) =>
        Stage(length, _address.AsSpan(0, _addressLength), default, expedited: false);

    protected override void Release()
    {
        base.Release();
        _port.Forget(this);
    }
}
