using FastForward.Transport.Loop;

namespace FastForward.Transport;

/// <summary>A link of <see cref="VSocketDatagramPort"/>: an address, and the index by which its frames are known.</summary>
internal sealed class VSocketDatagramLink : TransportLink
{
    private readonly VSocketDatagramPort _port;
    private readonly byte[] _address = new byte[IpAddresses.Capacity];
    private readonly int _addressLength;
    private int _slot = -1;

    public VSocketDatagramLink(VSocketDatagramPort port, IForwardTransport transport, ForwardLoop loop, DeferredEvents events, IVSocketFamily family, VSocketEndPoint remote, LinkTraits traits, bool inbound)
        : base(transport, loop, events, remote, inbound)
    {
        _port = port;
        _addressLength = family.WriteAddress(remote, _address);
        Traits = traits;
        if (inbound) MarkOpen();
    }

    public override LinkTraits Traits { get; }

    /// <summary>Whether a datagram with this link's index came from this link's far end.</summary>
    public bool IsFrom(ReadOnlySpan<byte> source) => source.SequenceEqual(_address.AsSpan(0, _addressLength));

    /// <summary>The socket has room again.</summary>
    public void RoomAgain()
    {
        Refused = false;
        Events.Writable(this);
    }

    protected override ClaimResult Acquire(int length, out Span<byte> span)
    {
        _slot = _port.Claim();
        if (_slot >= 0)
        {
            span = _port.Outgoing.Frame(_slot, length);
            return ClaimResult.Claimed;
        }

        span = default;
        if (!Refused) _port.AddRefused(this);
        Refused = true;
        return ClaimResult.BackPressured;
    }

    protected override void Stage(int length, bool realTime)
    {
        _port.Outgoing.Stage(_slot, length, _address.AsSpan(0, _addressLength), default, expedited: false);
        _slot = -1;
    }

    protected override void GiveBack()
    {
        _port.Outgoing.GiveBack(_slot);
        _slot = -1;
    }

    protected override void Ending(LinkClosure closure) => _port.Flush();

    protected override void Release() => _port.Forget(this);
}
