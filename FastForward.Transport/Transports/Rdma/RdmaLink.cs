using System.Net;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Links;

namespace FastForward.Transport.Transports.Rdma;

/// <summary>
/// One connection: its events while it opens, then frames. Commit stages a frame in registered memory; a flush posts
/// all that is staged.
/// </summary>
internal sealed unsafe class RdmaLink : OpeningLink
{
    private readonly RdmaPort _port;
    private readonly RdmaChannel _channel;
    private readonly IPAddress? _source;
    private LinkTraits _traits;
    private IPEndPoint? _local;
    private string _step = "its address was not resolved";
    private bool _isInfiniBand;
    private bool _wasOpen;
    private bool _isStaged;
    private bool _hasEnded;
    private int _refused;

    public RdmaLink(RdmaPort port, RdmaChannel? channel, EndPoint remote, IPAddress? source, long openDeadline)
        : base(port.Transport, port.Loop, port.Events, remote, source is not null, openDeadline)
    {
        _port = port;
        _channel = channel!; // a link without one is closed at once
        _source = source;
        _traits = port.Traits;
        if (channel is not null)
            channel.Link = this;
    }

    public override LinkTraits Traits => _traits;

    public override EndPoint? LocalEndPoint => _local;

    public override object? Origin => _source;

    public override string OpenTimeoutReason => _step;

    /// <summary>Where the request to connect came from; null for outbound links.</summary>
    public IPAddress? Source => _source;

    /// <summary>It is among the links whose completions are being handled.</summary>
    public bool IsHandled { get; set; }

    public bool IsOf(RdmaDevice device) => _channel?.Device == device;

    /// <summary>Begins to open an outbound link.</summary>
    public void Begin(ReadOnlySpan<byte> address)
    {
        _isInfiniBand = RdmaAddress.IsInfiniBand(address);
        int result;
        Span<byte> own = stackalloc byte[RdmaAddress.Length];
        bool isPinned = _port.TryWriteSource(address, own);
        fixed (byte* source = own)
        fixed (byte* destination = address)
        {
            result = RdmaCm.ResolveAddress(
                _channel.Id.View,
                isPinned ? source : null,
                destination,
                _port.OpenMilliseconds
            );
        }

        if (result != 0)
            CloseWith(RdmaClosures.OfAddress(RemoteEndPoint, LibC.LastError));
    }

    /// <summary>Accepts an inbound link.</summary>
    public void Accept(RdmaDevice device, in RdmaOpening opening)
    {
        _step = "the peer did not complete the connection";
        if (!TryCreateQueuePair(device))
            return;
        Agree(opening);
        Span<byte> own = stackalloc byte[RdmaOpening.Length];
        _port.OwnOpening.Write(own);
        int error = _channel.Accept(own);
        if (error != 0)
            CloseWith(new LinkClosure(LinkCloseReason.Failed, error, $"accepting failed: {LibC.Describe(error)}"));
    }

    /// <summary>Handles an event of the connection.</summary>
    /// <param name="type">One of RDMA_CM_EVENT.</param>
    /// <param name="status">A negative errno, or the reason of a refusal.</param>
    /// <param name="data">The peer's private data.</param>
    public void OnEvent(int type, int status, ReadOnlySpan<byte> data)
    {
        switch (type)
        {
            case RdmaCm.RDMA_CM_EVENT_ADDR_RESOLVED:
                ResolveRoute();
                break;
            case RdmaCm.RDMA_CM_EVENT_ROUTE_RESOLVED:
                Connect();
                break;
            case RdmaCm.RDMA_CM_EVENT_ADDR_ERROR:
            case RdmaCm.RDMA_CM_EVENT_ROUTE_ERROR:
                CloseWith(RdmaClosures.OfAddress(RemoteEndPoint, -status));
                break;
            case RdmaCm.RDMA_CM_EVENT_ESTABLISHED when IsInbound:
                Open();
                break;
            case RdmaCm.RDMA_CM_EVENT_ESTABLISHED:
                Established(data);
                break;
            case RdmaCm.RDMA_CM_EVENT_REJECTED:
                CloseWith(RdmaClosures.OfRefusal(RemoteEndPoint, status, data));
                break;
            case RdmaCm.RDMA_CM_EVENT_UNREACHABLE:
            case RdmaCm.RDMA_CM_EVENT_CONNECT_ERROR:
                CloseWith(RdmaClosures.OfConnect(RemoteEndPoint, -status));
                break;
            case RdmaCm.RDMA_CM_EVENT_DISCONNECTED when State == LinkState.Opening:
                CloseWith(new LinkClosure(LinkCloseReason.PeerClosed, 0, "the peer closed before the link was open"));
                break;
            case RdmaCm.RDMA_CM_EVENT_DISCONNECTED:
                _hasEnded = true; // what the peer had sent is in the completion queue, and is delivered first
                _port.Ending(this);
                break;
            case RdmaCm.RDMA_CM_EVENT_DEVICE_REMOVAL:
                CloseWith(new LinkClosure(LinkCloseReason.Failed, Errno.ENODEV, "the RDMA device was removed"));
                break;
            case RdmaCm.RDMA_CM_EVENT_ADDR_CHANGE:
                CloseWith(
                    new LinkClosure(LinkCloseReason.Failed, 0, "the local address moved to another network device")
                );
                break;
        }
    }

    /// <summary>A message was received.</summary>
    public void Receive(ILinkSink sink, int slot, uint length)
    {
        bool isFrame = false;
        try
        {
            // The message came before the event that says that the connection is established, and proves it. The
            // kernel is not notified of that (rdma_notify(3)): when a disconnect arrives before it has noted the
            // notification, it goes on to repeat its acceptance, and destroying the id waits for a minute.
            if (State == LinkState.Opening && IsInbound)
                Open();

            if (State != LinkState.Open)
                return;
            if (_channel.Read(slot, length, out Span<byte> frame) is { } fault)
            {
                CloseWith(new LinkClosure(LinkCloseReason.ProtocolViolation, 0, fault));
                return;
            }

            isFrame = frame.Length > 0;
            if (!isFrame)
                return;
            _port.CountReceived(frame.Length);
            sink.Frame(this, frame);
        }
        finally
        {
            _channel.Return(slot, isFrame);
        }
    }

    /// <summary>Completions have been handled: posts receives, and reports room.</summary>
    public void Replenish()
    {
        if (State != LinkState.Open)
            return;
        int error = _channel.Replenish();
        if (error != 0)
        {
            CloseWith(RdmaClosures.OfPost(error));
            return;
        }

        if (!Refused || _hasEnded || !_channel.HasRoom(_refused))
            return;
        Refused = false;
        Events.Writable(this);
    }

    /// <summary>Posts what is staged.</summary>
    public void Flush()
    {
        if (!_isStaged)
            return;
        _isStaged = false;
        int error = _channel.Post(out _);
        if (error != 0)
            CloseWith(RdmaClosures.OfPost(error));
    }

    /// <summary>Everything that the peer had sent has been delivered.</summary>
    public void End() => CloseWith(new LinkClosure(LinkCloseReason.PeerClosed));

    protected override ClaimResult Acquire(int length, out Span<byte> span)
    {
        span = default;
        if (_hasEnded)
            return ClaimResult.Closed;
        if (!_channel.HasRoom(length))
        {
            Refused = true;
            _refused = length;
            _port.CountBackPressure();
            return ClaimResult.BackPressured;
        }

        span = _channel.Claimed(length);
        return ClaimResult.Claimed;
    }

    protected override void Stage(int length, bool realTime)
    {
        _channel.Stage(length);
        _port.CountSent(length);
        if (_isStaged)
            return;
        _isStaged = true;
        _port.Staged(this);
    }

    protected override void GiveBack() { }

    protected override void OnClosing(LinkClosure closure)
    {
        bool isOrderly = closure.Reason is LinkCloseReason.ClosedLocally or LinkCloseReason.TransportStopped;
        if (_isStaged && !_hasEnded)
            _channel.Post(out _); // an error ends the connection, which is what follows anyway
        _isStaged = false;
        if (_channel is not null)
            _channel.Link = null;
        _port.Ended(this, _channel, closure, _wasOpen, lingers: isOrderly && !_hasEnded);
    }

    protected override void Release() { }

    private void ResolveRoute()
    {
        _step = "no route was found";
        _port.Resolved(this, _channel.Id);
        if (RdmaCm.ResolveRoute(_channel.Id.View, _port.OpenMilliseconds) != 0)
            CloseWith(RdmaClosures.OfAddress(RemoteEndPoint, LibC.LastError));
    }

    private void Connect()
    {
        _step = "the peer neither accepted nor refused the connection";
        RdmaDevice? device = _port.FindDevice(_channel.Id.View->Context, out string? problem);
        if (device is null)
        {
            CloseWith(new LinkClosure(LinkCloseReason.Failed, Errno.ENODEV, problem));
            return;
        }

        if (!TryCreateQueuePair(device))
            return;
        Span<byte> data = stackalloc byte[RdmaOpening.InfiniBandPrefix + RdmaOpening.Length];
        data.Clear();
        _port.OwnOpening.Write(data[RdmaOpening.InfiniBandPrefix..]);
        int error = _channel.Connect(_isInfiniBand ? data : data[RdmaOpening.InfiniBandPrefix..]);
        if (error != 0)
            CloseWith(RdmaClosures.OfConnect(RemoteEndPoint, error));
    }

    private void Established(ReadOnlySpan<byte> data)
    {
        int error = _channel.Accepted();
        if (RdmaOpening.Read(data, out RdmaOpening opening) is { } fault)
        {
            CloseWith(new LinkClosure(LinkCloseReason.ProtocolViolation, 0, fault));
        }
        else if (error != 0)
        {
            CloseWith(RdmaClosures.OfConnect(RemoteEndPoint, error));
        }
        else
        {
            Agree(opening);
            Open();
        }
    }

    private void Agree(in RdmaOpening opening)
    {
        int size = (int)Math.Min((uint)_traits.MaxFrameSize, opening.Packet.MaxFrameSize);
        _traits = _traits with { MaxFrameSize = size };
        _channel.Open(opening.Credits);
    }

    private void Open()
    {
        if (State != LinkState.Opening)
            return;
        _wasOpen = true;
        _local = RdmaAddress.Read(&_channel.Id.View->Source);
        _port.Opened(this);
    }

    private bool TryCreateQueuePair(RdmaDevice device)
    {
        if (device.Links >= device.MaxLinks)
        {
            CloseWith(
                new LinkClosure(
                    LinkCloseReason.Failed,
                    Errno.ENOBUFS,
                    $"the completion queue of {device.Name} has no room for more than {device.MaxLinks} links"
                )
            );
            return false;
        }

        int error = _channel.CreateQueuePair(device);
        if (error == 0)
        {
            device.Links++;
            return true;
        }

        CloseWith(
            new LinkClosure(
                LinkCloseReason.Failed,
                error,
                $"{device.Name} provides no queue pair: {LibC.Describe(error)}"
            )
        );
        return false;
    }
}
