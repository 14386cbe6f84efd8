using System.Net;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;

namespace FastForward.Transport;

/// <summary>
/// One seqpacket connection: opening exchange, then a packet per frame. A frame goes straight from the link's buffer to
/// the kernel at Commit, because sendmmsg(2) gains nothing on these sockets (measured); when the kernel has no room it
/// stays in the buffer and the link is back-pressured.
/// </summary>
internal sealed unsafe class SeqPacketLink : TransportLink
{
    private readonly SeqPacketPort _port;
    private readonly Descriptor _socket;
    private LinkTraits _traits;
    private byte* _buffer;
    private int _pending;
    private int _burst = 1;
    private bool _watchesOutput;
    private bool _resetSeen;
    private bool _outputBroken;

    public SeqPacketLink(SeqPacketPort port, IForwardTransport transport, ForwardLoop loop, DeferredEvents events, Descriptor socket, EndPoint remote, bool inbound, long openDeadline)
        : base(transport, loop, events, remote, inbound)
    {
        _port = port;
        _socket = socket;
        _traits = port.Traits;
        OpenDeadline = openDeadline;
    }

    public override LinkTraits Traits => _traits;

    public long OpenDeadline { get; }

    /// <summary>The far end's backlog was full; the port tries again by timer, for no event tells.</summary>
    public bool WaitsForBacklog { get; private set; }

    /// <summary>The last look ended by its limit: more may be there.</summary>
    public bool MayHaveMore { get; private set; }

    /// <summary>connect(2), also when repeated.</summary>
    public void Connect()
    {
        int error = _port.Medium.Connect(_socket, RemoteEndPoint);
        while (error == Errno.EINTR) error = _port.Medium.Connect(_socket, RemoteEndPoint);
        WaitsForBacklog = error == Errno.EAGAIN;
        if (error == 0) Greet();
        else if (!WaitsForBacklog) CloseWith(_port.Medium.ConnectFailure(error, RemoteEndPoint));
    }

    /// <summary>The connection stands: check who is there, say who we are, and wait for the same.</summary>
    public void Greet()
    {
        PeerCredentials? credentials = _port.Medium.ReadCredentials(_socket);
        _traits = _traits with { Credentials = credentials };
        string? refusal = _port.Medium.ReasonToRefuse(credentials);
        OpeningStatus status = refusal is null ? OpeningStatus.Welcome : OpeningStatus.NotPermitted;
        uint detail = refusal is null ? 0 : credentials?.UserId ?? credentials?.ContextId ?? 0;
        byte* packet = stackalloc byte[OpeningPacket.Length];
        new OpeningPacket(OpeningPacket.CurrentVersion, status, 0, (uint)_port.Traits.MaxFrameSize, detail).Write(new Span<byte>(packet, OpeningPacket.Length));

        // Errors are not looked at: a far end that has closed may have left its refusal, which reading finds.
        LibC.Send(_socket, packet, OpeningPacket.Length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL);
        if (refusal is not null)
        {
            CloseWith(new LinkClosure(LinkCloseReason.NotPermitted, 0, refusal));
            return;
        }

        if (!_port.TryWatch(_socket, Index, out int error))
            CloseWith(new LinkClosure(LinkCloseReason.Failed, error, $"the connection cannot be watched: {LibC.Describe(error)}"));
    }

    /// <summary>The kernel reports something about the socket.</summary>
    /// <returns>How much was done.</returns>
    public int Serve(ILinkSink sink, uint ready, int budget)
    {
        int work = 0;
        if (State == LinkState.Opening)
        {
            work = 1;
            ReadOpening(sink);
        }

        if (State == LinkState.Open && (ready & LibC.EPOLLOUT) != 0)
        {
            work++;
            SendPending();
        }

        return State == LinkState.Open ? work + Receive(sink, budget) : work;
    }

    /// <summary>
    /// Delivers what has come. The number of packets it looks for doubles while it finds them and falls back to one when
    /// it does not, so that a lone frame is answered before the call that would find nothing after it.
    /// </summary>
    public int Receive(ILinkSink sink, int budget)
    {
        int limit = Math.Min(_burst, budget);
        int frames = 0;
        while (frames < limit && State == LinkState.Open)
        {
            int length = ReadPacket();
            if (length == 0) break;
            frames++;
            _port.CountReceived(length);
            sink.Frame(this, new Span<byte>(_port.Incoming, length));
        }

        MayHaveMore = frames == limit && State == LinkState.Open;
        _burst = MayHaveMore ? Math.Min(_burst * 2, SeqPacketPort.LongestBurst) : 1;
        return frames;
    }

    protected override ClaimResult Acquire(int length, out Span<byte> span)
    {
        span = default;
        if (_outputBroken) return ClaimResult.Closed; // reading will find the end, after what is still to be read
        if (_pending != 0)
        {
            Refused = true;
            _port.CountBackPressure();
            return ClaimResult.BackPressured;
        }

        span = new Span<byte>(_buffer, length);
        return ClaimResult.Claimed;
    }

    protected override void Stage(int length, bool realTime)
    {
        _pending = length;
        TrySend();
        WatchOutput(_pending != 0);
    }

    protected override void GiveBack()
    {
    }

    protected override void Ending(LinkClosure closure)
    {
        if (_pending != 0 && !_outputBroken) TrySend();
        _pending = 0;
        _socket.Dispose(); // leaves the epoll instance with it
        _port.Ended(this, closure, opened: _buffer != null);
    }

    protected override void Release()
    {
        NativeMemory.AlignedFree(_buffer);
        _buffer = null;
        _port.Forget(this);
    }

    private void ReadOpening(ILinkSink sink)
    {
        int length = ReadPacket();
        if (length == 0) return;
        string? fault = OpeningPacket.Read(new ReadOnlySpan<byte>(_port.Incoming, length), out OpeningPacket packet);
        if (fault is not null)
        {
            CloseWith(new LinkClosure(LinkCloseReason.ProtocolViolation, 0, fault));
            return;
        }

        if (packet.Status != OpeningStatus.Welcome)
        {
            string detail = packet.Status == OpeningStatus.NotPermitted
                ? $"the far end does not allow id {packet.Detail}, which is ours in its eyes; it must list that id"
                : $"the far end refused with status {(ushort)packet.Status}";
            CloseWith(new LinkClosure(LinkCloseReason.NotPermitted, 0, detail));
            return;
        }

        int size = (int)Math.Min((uint)_port.Traits.MaxFrameSize, packet.MaxFrameSize);
        _traits = _traits with { MaxFrameSize = size };
        _buffer = (byte*)NativeMemory.AlignedAlloc((nuint)size, 64);
        _port.Opened(this);
        DeliverOpened(sink);
    }

    /// <summary>Reads one packet into the port's buffer.</summary>
    /// <returns>Its length; 0 when there is none or the link has just ended.</returns>
    private int ReadPacket()
    {
        while (true)
        {
            // With MSG_TRUNC the result is the packet's own length, also where the buffer is shorter.
            nint length = LibC.Receive(_socket, _port.Incoming, (nuint)_traits.MaxFrameSize, LibC.MSG_DONTWAIT | LibC.MSG_TRUNC);
            if (length > 0 && length <= _traits.MaxFrameSize) return (int)length;
            if (length > 0)
            {
                CloseWith(new LinkClosure(LinkCloseReason.ProtocolViolation, 0, $"a frame of {length} octets came in; {_traits.MaxFrameSize} were agreed"));
                return 0;
            }

            int error = length == 0 ? 0 : LibC.LastError;
            if (error == Errno.EAGAIN) return 0;
            if (error == Errno.EINTR) continue;

            // A far end that closed with unread input makes this call fail first; what it had sent is still to be read.
            if (error == Errno.ECONNRESET && !_resetSeen)
            {
                _resetSeen = true;
                continue;
            }

            CloseWith(EndOfConnection(error));
            return 0;
        }
    }

    // An empty packet looks like the end of the connection. Nobody of ours sends one, so it is the end.
    private LinkClosure EndOfConnection(int error)
    {
        if (error is not (0 or Errno.ECONNRESET)) return new LinkClosure(LinkCloseReason.Failed, error, $"receiving failed: {LibC.Describe(error)}");
        return State == LinkState.Opening
            ? new LinkClosure(LinkCloseReason.PeerClosed, 0, "the far end closed before the link was open")
            : new LinkClosure(LinkCloseReason.PeerClosed);
    }

    private void SendPending()
    {
        if (_pending == 0) return;
        TrySend();
        if (_pending != 0) return;
        WatchOutput(false);
        if (!Refused) return;
        Refused = false;
        Events.Writable(this);
    }

    // Leaves _pending set when the kernel has no room.
    private void TrySend()
    {
        while (LibC.Send(_socket, _buffer, (nuint)_pending, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL) < 0)
        {
            int error = LibC.LastError;
            switch (error)
            {
                case Errno.EINTR:
                    continue;
                case Errno.EAGAIN or Errno.ENOBUFS:
                    return;
                case Errno.EPIPE or Errno.ECONNRESET or Errno.ENOTCONN:
                    // What the far end had sent is read first, and then the end, which this makes certain to be there.
                    _outputBroken = true;
                    LibC.Shutdown(_socket, LibC.SHUT_RDWR);
                    break;
                default:
                    _pending = 0;
                    CloseWith(new LinkClosure(LinkCloseReason.Failed, error, $"sending failed: {LibC.Describe(error)}"));
                    return;
            }

            break;
        }

        if (!_outputBroken) _port.CountSent(_pending);
        _pending = 0;
    }

    private void WatchOutput(bool wanted)
    {
        if (_watchesOutput == wanted || State != LinkState.Open) return;
        _watchesOutput = wanted;
        _port.Rewatch(_socket, wanted, Index);
    }
}
