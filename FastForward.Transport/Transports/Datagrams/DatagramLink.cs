using System.Net;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Links;

namespace FastForward.Transport.Transports.Datagrams;

/// <summary>
/// A link over a datagram socket that it shares: an address, and the index by which its frames are known. The kernel knows
/// nothing of it, so opening and closing are local affairs.
/// </summary>
internal abstract class DatagramLink : TransportLink
{
    private readonly SharedSocket? _socket;
    private int _slot = -1;

    // The socket is null only of a link that is closed before it is handed out.
    protected DatagramLink(
        IForwardTransport transport,
        ForwardLoop loop,
        DeferredEvents events,
        SharedSocket? socket,
        EndPoint remote,
        LinkTraits traits,
        bool inbound
    )
        : base(transport, loop, events, remote, inbound)
    {
        _socket = socket;
        Traits = traits;
        if (inbound)
            MarkOpen();
    }

    public override LinkTraits Traits { get; }

    /// <summary>Whether a datagram with this link's index came from this link's far end.</summary>
    public abstract bool IsFrom(ReadOnlySpan<byte> source);

    /// <summary>The socket has room again.</summary>
    public void RoomAgain()
    {
        Refused = false;
        Events.Writable(this);
    }

    protected override ClaimResult Acquire(int length, out Span<byte> span)
    {
        _slot = _socket!.Claim();
        if (_slot >= 0)
        {
            span = _socket.Outgoing.Frame(_slot, length);
            return ClaimResult.Claimed;
        }

        span = default;
        if (!Refused)
            _socket.AddRefused(this);
        Refused = true;
        return ClaimResult.BackPressured;
    }

    /// <summary>Stages the acquired slot.</summary>
    protected void Stage(int length, ReadOnlySpan<byte> address, ReadOnlySpan<byte> control, bool expedited)
    {
        _socket!.Outgoing.Stage(_slot, length, address, control, expedited);
        _slot = -1;
    }

    protected override void GiveBack()
    {
        _socket!.Outgoing.GiveBack(_slot);
        _slot = -1;
    }

    protected override void Ending(LinkClosure closure) => _socket?.Flush();

    protected override void Release() => _socket?.Forget(this);
}
