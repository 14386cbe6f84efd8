using System.Net;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Links;

namespace FastForward.Transport.Transports.Datagrams;

/// <summary>
/// A link over a datagram socket that it shares with others: a remote address, and the index that its frames carry. The
/// kernel keeps no state for it, so opening and closing are local.
/// </summary>
internal class DatagramLink : TransportLink
{
    private readonly DatagramPort _port;
    private readonly DatagramSocket? _socket;
    private readonly byte[] _control;
    private readonly byte[] _realTimeControl;
    private int _slot = -1;

    /// <param name="port">The owner.</param>
    /// <param name="socket">Where frames leave; null only for a link that is closed before it is returned.</param>
    /// <param name="remote">The remote end point.</param>
    /// <param name="traits">What the link promises.</param>
    /// <param name="address">The remote end point's raw socket address; copied.</param>
    /// <param name="control">The control messages of every frame; copied.</param>
    /// <param name="realTimeControl">The control messages of a frame with real-time payload; copied.</param>
    /// <param name="inbound">The link was adopted from a stranger, and is open at once.</param>
    public DatagramLink(
        DatagramPort port,
        DatagramSocket? socket,
        EndPoint remote,
        LinkTraits traits,
        ReadOnlySpan<byte> address,
        ReadOnlySpan<byte> control,
        ReadOnlySpan<byte> realTimeControl,
        bool inbound
    )
        : base(port.Transport, port.Loop, port.Events, remote, inbound)
    {
        _port = port;
        _socket = socket;
        Traits = traits;
        Address = address.ToArray();
        _control = control.ToArray();
        _realTimeControl = control.SequenceEqual(realTimeControl) ? _control : realTimeControl.ToArray();
        if (inbound)
            MarkOpen();
    }

    public override LinkTraits Traits { get; }

    /// <summary>The raw socket address of the remote end point.</summary>
    protected byte[] Address { get; }

    /// <summary>
    /// Whether the remote side may come from a source: within the same family, on a host-local link from this host
    /// only, and where the kernel reports the machine, from that machine.
    /// </summary>
    public bool MayMoveTo(in StrangerSource source) =>
        source.Address.Length == Address.Length
        && (source.IsLoopback || !Traits.HostLocal)
        && source.ContextId == Traits.Credentials?.ContextId;

    public override void Rebind(in StrangerSource source)
    {
        _port.Loop.VerifyAccess();
        if (State != LinkState.Open)
            return;
        RemoteEndPoint = _port.ReadAddress(source.Address);
        source.Address.CopyTo(Address);
    }

    /// <summary>Whether a datagram with this link's index came from this link's remote end point.</summary>
    public virtual bool IsFrom(in DatagramReceiveBatch.Datagram datagram) => datagram.Source.SequenceEqual(Address);

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

    protected override void Stage(int length, bool realTime)
    {
        _socket!.Outgoing.Stage(_slot, length, Address, realTime ? _realTimeControl : _control);
        _slot = -1;
    }

    protected override void GiveBack()
    {
        _socket!.Outgoing.GiveBack(_slot);
        _slot = -1;
    }

    protected override void OnClosing(LinkClosure closure) => _socket?.Flush();

    protected override void Release()
    {
        _socket?.Forget(this);
        _port.Forget(this);
    }
}
