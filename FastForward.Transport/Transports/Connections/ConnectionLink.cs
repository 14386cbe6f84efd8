using System.Net;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Links;
using FastForward.Transport.Transports.Rings;

namespace FastForward.Transport.Transports.Connections;

/// <summary>
/// One connection: the opening exchange, then frames as its <see cref="FrameChannel"/> delimits them. Commit sends a
/// frame from the channel's buffer at once, because sendmmsg(2) gains nothing on these sockets (measured). When the
/// kernel has no room, the frame stays in the buffer and the link is back-pressured.
/// </summary>
internal sealed unsafe class ConnectionLink : OpeningLink
{
    private readonly ConnectionPort _port;
    private FrameChannel _channel;
    private RingOpening? _rings;
    private ulong _features;
    private LinkTraits _traits;
    private int _attempt;
    private int _connectError;
    private int _burst = 1;
    private bool _connecting;
    private bool _waitsForBacklog;
    private bool _watched;
    private bool _watchesOutput;
    private bool _wasOpen;
    private bool _resetSeen;
    private bool _outputBroken;

    public ConnectionLink(ConnectionPort port, FrameChannel channel, EndPoint remote, bool inbound, long openDeadline)
        : base(port.Transport, port.Loop, port.Events, remote, inbound, openDeadline)
    {
        _port = port;
        _channel = channel;
        _traits = port.Traits;
    }

    public override LinkTraits Traits => _traits;

    public override object? Origin => _traits.Credentials?.Origin;

    /// <inheritdoc/>
    /// <remarks>The remote backlog was full.</remarks>
    public override bool WaitsToRetry => _waitsForBacklog;

    public override string OpenTimeoutReason =>
        _waitsForBacklog ? "the peer's backlog stayed full"
        : _connecting ? "the peer neither accepted nor refused the connection"
        : _rings is not null ? "the peer did not say whether it shares memory"
        : "the peer did not answer the opening packet";

    /// <summary>It shares memory with the peer, or was about to.</summary>
    public bool HasRings => IsPolled || (_rings is not null && !_wasOpen);

    /// <summary>See <see cref="FrameChannel.IsPolled"/>.</summary>
    public bool IsPolled => _channel.IsPolled;

    /// <summary>The last <see cref="Receive"/> reached its limit, so there may be more frames.</summary>
    public bool MayHaveMore { get; private set; }

    /// <summary>
    /// There is work that no descriptor shows: frames read together with an earlier one, or the link's end.
    /// </summary>
    public bool HasHiddenWork => State == LinkState.Open && (_channel.HasBuffered || _outputBroken);

    /// <summary>Begins to open an outbound link.</summary>
    /// <param name="socketError">The errno of socket(2); 0 when there is a socket.</param>
    public void Begin(int socketError)
    {
        if (socketError == 0)
            Connect();
        else
            ConnectFailed(socketError);
    }

    public override void Retry() => Connect();

    /// <summary>Calls connect(2), for the first time or again.</summary>
    private void Connect()
    {
        int error = _port.Medium.Connect(_channel.Socket, RemoteEndPoint);
        while (error == Errno.EINTR)
            error = _port.Medium.Connect(_channel.Socket, RemoteEndPoint);
        _waitsForBacklog = error == Errno.EAGAIN;
        _connecting = error is Errno.EINPROGRESS or Errno.EALREADY;
        if (_connecting)
            Watch(LibC.EPOLLOUT);
        else if (error == 0)
            Greet();
        else if (!_waitsForBacklog)
            ConnectFailed(error);
    }

    /// <summary>The connection is established: checks the peer's credentials and sends the opening packet.</summary>
    public void Greet()
    {
        PeerCredentials? credentials = _port.Medium.ReadCredentials(_channel.Socket);
        _traits = _traits with { Credentials = credentials };
        string? refusal = _port.Medium.ReasonToRefuse(credentials);
        OpeningStatus status = refusal is null ? OpeningStatus.Welcome : OpeningStatus.NotPermitted;
        uint detail = refusal is null ? 0 : credentials?.UserId ?? credentials?.ContextId ?? 0;
        Span<byte> packet = stackalloc byte[OpeningPacket.Length];
        string? reason = null;
        _features = refusal is null ? _port.FeaturesFor(credentials, out reason) : 0;
        _traits = _traits with { NoSharedMemoryReason = reason };
        new OpeningPacket(
            OpeningPacket.CurrentVersion,
            status,
            _features,
            (uint)_port.Traits.MaxFrameSize,
            detail
        ).Write(packet);

        // Errors are ignored: a peer that has closed may have sent a refusal first, which the next read returns.
        _channel.Greet(packet);
        if (refusal is not null)
            CloseWith(new LinkClosure(LinkCloseReason.NotPermitted, 0, refusal));
        else
            Watch(LibC.EPOLLIN);
    }

    /// <summary>Handles what epoll reports for the socket.</summary>
    /// <returns>The number of frames and events handled.</returns>
    public int Serve(ILinkSink sink, uint ready, int budget)
    {
        int work = 0;
        if (_connecting)
        {
            FinishConnect();
            return 1;
        }

        if (State == LinkState.Opening)
        {
            work = 1;
            if (_rings is null)
                ReadOpening(sink);
            if (_rings is not null && State == LinkState.Opening)
                ReadOffer(sink, _rings);
        }

        _channel.OnReadable();
        if (State == LinkState.Open && (ready & LibC.EPOLLOUT) != 0)
        {
            work++;
            SendPending();
        }

        return State == LinkState.Open ? work + Receive(sink, budget) : work;
    }

    /// <summary>
    /// Delivers received frames. The number of packets it reads doubles while all of them arrive and falls back to one
    /// when not, so that a single frame is handled before the call that would find no second one.
    /// </summary>
    public int Receive(ILinkSink sink, int budget)
    {
        int limit = Math.Min(IsPolled ? ConnectionPort.LongestBurst : _burst, budget);
        int found = 0;
        if (Refused && _channel.HasRoomAgain)
            EndRefusal();
        while (found < limit && State == LinkState.Open)
        {
            FrameChannel.ReadStatus status = Read(out Span<byte> frame);
            if (status == FrameChannel.ReadStatus.Nothing && _outputBroken)
                CloseWith(new LinkClosure(LinkCloseReason.PeerClosed));
            if (status is FrameChannel.ReadStatus.Nothing or FrameChannel.ReadStatus.End)
                break;
            found++;
            if (_channel.Pending != 0 && _channel.MayContinue)
                SendPending();
            if (status == FrameChannel.ReadStatus.Notice || State != LinkState.Open)
                continue;
            _port.CountReceived(frame.Length);
            sink.Frame(this, frame);
        }

        if (State == LinkState.Open)
            _channel.SendNotice(); // also when nothing was found: a sink may have thrown before
        MayHaveMore = found == limit && State == LinkState.Open;
        _burst = MayHaveMore ? Math.Min(_burst * 2, ConnectionPort.LongestBurst) : 1;
        return found;
    }

    protected override ClaimResult Acquire(int length, out Span<byte> span)
    {
        span = default;
        if (_outputBroken)
            return ClaimResult.Closed; // a read reports the end, after the frames that are still to be read
        byte* start = Refused ? null : _channel.Claim(length);
        if (start == null)
        {
            Refused = true;
            _port.CountBackPressure();
            return ClaimResult.BackPressured;
        }

        span = new Span<byte>(start, length);
        return ClaimResult.Claimed;
    }

    protected override void Stage(int length, bool realTime)
    {
        bool wasStaged = _channel.IsStaged;
        Sent(_channel.Send(length, out int error), length, error);
        if (!wasStaged && _channel.IsStaged)
            _port.ScheduleFlush(this);
    }

    /// <summary>Shows the peer what is staged.</summary>
    public void Flush()
    {
        if (State == LinkState.Open && !_outputBroken)
            Handle(_channel.Publish(out int error), error);
    }

    /// <summary>See <see cref="FrameChannel.Arm"/>.</summary>
    public bool Arm() => _channel.Arm(Refused) || _outputBroken;

    /// <inheritdoc cref="FrameChannel.Disarm"/>
    public void Disarm() => _channel.Disarm();

    protected override void GiveBack() { }

    protected override void OnClosing(LinkClosure closure)
    {
        if (_channel.Pending != 0 && !_outputBroken)
            _channel.Continue(out _);
        if (_channel.IsStaged && !_outputBroken)
            _channel.Publish(out _);
        _channel.Drop();
        _connecting = false;
        _channel.Close(); // which also removes it from the epoll instance
        _port.Ended(this, closure, _wasOpen);
    }

    protected override void Release()
    {
        _channel.Dispose();
        _rings?.Release();
        _port.Forget(this);
    }

    private void FinishConnect()
    {
        int error = LibC.GetSocketOption(_channel.Socket, LibC.SOL_SOCKET, LibC.SO_ERROR);
        _connecting = false;
        if (error == 0)
            Greet();
        else
            ConnectFailed(error);
    }

    // A peer that listens with another type of socket looks like one that does not listen.
    private void ConnectFailed(int error)
    {
        // Report the most helpful error: a refusal if there was one, otherwise that of the last type tried. That the
        // first type does not exist there says nothing.
        if (_connectError != Errno.ECONNRESET)
            _connectError = error;
        if (
            _port.Medium.MayBeOfAnotherType(error)
            && _port.TryCreate(RemoteEndPoint, ++_attempt, out int socketError) is { } next
        )
        {
            _channel.Dispose();
            _channel = next;
            _watched = false;
            Begin(socketError);
            return;
        }

        CloseWith(_port.Medium.ConnectFailure(_connectError, RemoteEndPoint));
    }

    private void ReadOpening(ILinkSink sink)
    {
        if (Read(out Span<byte> frame) != FrameChannel.ReadStatus.Frame)
            return;
        string? fault = OpeningPacket.Read(frame, out OpeningPacket packet);
        if (fault is not null)
        {
            CloseWith(new LinkClosure(LinkCloseReason.ProtocolViolation, 0, fault));
            return;
        }

        if (packet.Status != OpeningStatus.Welcome)
        {
            string detail =
                packet.Status == OpeningStatus.NotPermitted
                    ? $"the peer does not allow id {packet.Detail}, which is ours in its view; it must list that id"
                    : $"the peer refused with status {(ushort)packet.Status}";
            CloseWith(new LinkClosure(LinkCloseReason.NotPermitted, 0, detail));
            return;
        }

        int size = (int)Math.Min((uint)_port.Traits.MaxFrameSize, packet.MaxFrameSize);
        _traits = _traits with { MaxFrameSize = size };
        if ((packet.Features & _features & RingOpening.Feature) == 0)
        {
            Open(sink, _traits.NoSharedMemoryReason ?? "the peer does not offer it");
            return;
        }

        _rings = new RingOpening(_port.Rings!, size);
        int error = _rings.Offer(_channel.Socket);
        if (error != 0)
            CloseWith(EndOfConnection(error is Errno.EPIPE or Errno.ENOTCONN ? 0 : error));
    }

    private void ReadOffer(ILinkSink sink, RingOpening opening)
    {
        if (!opening.TryComplete(_channel.Socket, out RingPair? rings, out LinkClosure? end, out int error))
        {
            if (error != Errno.EAGAIN)
                CloseWith(EndOfConnection(error));
        }
        else if (end is { } closure)
        {
            if (closure.Reason == LinkCloseReason.Failed)
                _port.PauseRings(_traits.Credentials, closure);
            CloseWith(closure);
        }
        else
        {
            if (rings is not null)
                _channel = _port.NewChannel(_channel.Socket, rings);
            opening.Release();
            Open(sink, opening.Reason);
        }
    }

    private void Open(ILinkSink sink, string? reasonForSocket)
    {
        _traits = _traits with
        {
            SharedMemory = _channel.IsPolled,
            NoSharedMemoryReason = _port.Rings is null ? null : reasonForSocket,
        };
        _channel.Open(_traits.MaxFrameSize);
        _wasOpen = true;
        if (!IsInbound)
            _port.Medium.Connected(RemoteEndPoint, _channel.Type);
        _port.Opened(this);
        DeliverOpened(sink);
    }

    // Closes the link when it returns Violation or End.
    private FrameChannel.ReadStatus Read(out Span<byte> frame)
    {
        while (true)
        {
            FrameChannel.ReadStatus status = _channel.Read(out frame, out int error, out string? fault);
            switch (status)
            {
                case FrameChannel.ReadStatus.Violation:
                    CloseWith(new LinkClosure(LinkCloseReason.ProtocolViolation, 0, fault));
                    return FrameChannel.ReadStatus.End;

                // When the peer closed with unread input, the first read fails, and what the peer had sent follows.
                case FrameChannel.ReadStatus.End when error == Errno.ECONNRESET && !_resetSeen:
                    _resetSeen = true;
                    continue;

                case FrameChannel.ReadStatus.End:
                    CloseWith(EndOfConnection(error));
                    return status;

                default:
                    return status;
            }
        }
    }

    // An empty packet cannot be told from the end of the connection; FastForward never sends one.
    private LinkClosure EndOfConnection(int error)
    {
        if (error is not (0 or Errno.ECONNRESET))
            return new LinkClosure(LinkCloseReason.Failed, error, $"receiving failed: {LibC.Describe(error)}");
        return State == LinkState.Opening
            ? new LinkClosure(LinkCloseReason.PeerClosed, 0, "the peer closed before the link was open")
            : new LinkClosure(LinkCloseReason.PeerClosed);
    }

    private void SendPending()
    {
        int length = _channel.Pending;
        if (length == 0)
            return;
        Sent(_channel.Continue(out int error), length, error);
        if (_channel.Pending == 0 && Refused)
            EndRefusal();
    }

    private void EndRefusal()
    {
        Refused = false;
        Events.Writable(this);
    }

    private void Sent(FrameChannel.SendStatus status, int length, int error)
    {
        if (status == FrameChannel.SendStatus.Sent)
            _port.CountSent(length);
        Handle(status, error);
    }

    private void Handle(FrameChannel.SendStatus status, int error)
    {
        switch (status)
        {
            case FrameChannel.SendStatus.Broken:
                // The peer is closing. The link closes when everything that the peer had sent has been read.
                _outputBroken = true;
                _channel.Drop();
                _port.ScheduleRead();
                break;
            case FrameChannel.SendStatus.Failed:
                _channel.Drop();
                // EAGAIN fails only on a channel that had calculated that the frame fits.
                string detail =
                    error == Errno.EAGAIN
                        ? $"the peer's receive buffer is smaller than the {WindowedPacketChannel.Window} bytes required"
                        : LibC.Describe(error);
                CloseWith(new LinkClosure(LinkCloseReason.Failed, error, $"sending failed: {detail}"));
                return;
        }

        WatchOutput(status == FrameChannel.SendStatus.WaitsForSocket);
    }

    private void WatchOutput(bool wanted)
    {
        if (_watchesOutput == wanted || State != LinkState.Open)
            return;
        _watchesOutput = wanted;
        Watch(wanted ? LibC.EPOLLIN | LibC.EPOLLOUT : LibC.EPOLLIN);
    }

    private void Watch(uint interest)
    {
        if (_watched)
        {
            _port.Rewatch(_channel.Socket, interest, Index);
            return;
        }

        _watched = _port.TryWatch(_channel.Socket, interest, Index, out int error);
        if (!_watched)
            CloseWith(
                new LinkClosure(
                    LinkCloseReason.Failed,
                    error,
                    $"the connection cannot be watched: {LibC.Describe(error)}"
                )
            );
    }
}
