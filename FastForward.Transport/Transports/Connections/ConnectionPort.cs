using System.Net;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Links;
using FastForward.Transport.Transports.Rings;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Transports.Connections;

/// <summary>
/// The links over connections of one transport and its listener, for every address family and socket type, with one
/// epoll instance over all of them, which wakes the loop.
/// </summary>
/// <remarks>
/// While few links are open, a poll reads them directly and calls epoll_wait only every 16th time, which saves a system
/// call per cycle of a spinning loop. After a sleep it calls epoll_wait, unless the only open link has frames. Only
/// epoll_wait serves the listener, opening links, and links that wait for room.
/// </remarks>
internal sealed unsafe class ConnectionPort : TransportPort
{
    /// <summary>Frames that one link may deliver before the other links are served.</summary>
    public const int LongestBurst = 64;

    private const int FewLinks = 4;
    private const int SweepInterval = 16;
    private const int QuietSweepInterval = 256;
    private const int EventCapacity = 64;

    private readonly ConnectionOptions _options;
    private readonly ConnectionStatistics _statistics;
    private readonly Action? _released;
    private readonly ConnectionListener _listener;
    private readonly ConnectionOpenings _openings;
    private readonly Epoll _epoll = new(EventCapacity);
    private readonly LinkTable<ConnectionLink> _links = new();
    private readonly List<ConnectionLink> _open = []; // but for those in _polled
    private readonly List<ConnectionLink> _polled = [];
    private readonly List<ConnectionLink> _staged = [];

    // The buffer that packets are read into. One is enough: dispatch does not recurse.
    private readonly byte* _incoming;
    private uint _polls;
    private bool _sweep = true;
    private bool _isQuiet; // no link over rings had a frame in this poll
    private bool _more;
    private bool _again;
    private int _firstRing;

    /// <param name="transport">The transport that owns the port.</param>
    /// <param name="loop">The loop that polls it.</param>
    /// <param name="sink">Where events go.</param>
    /// <param name="medium">The address family.</param>
    /// <param name="options">Limits.</param>
    /// <param name="statistics">What is counted.</param>
    /// <param name="listener">A listening socket, owned by the port unless this constructor throws.</param>
    /// <param name="local">Where it listens.</param>
    /// <param name="logger">Receives refusals and pauses.</param>
    /// <param name="released">Called after the last Closed event, when all sockets are closed.</param>
    /// <exception cref="IOException">A limit of the system is reached.</exception>
    public ConnectionPort(
        IForwardTransport transport,
        ForwardLoop loop,
        ILinkSink sink,
        IConnectionMedium medium,
        ConnectionOptions options,
        ConnectionStatistics statistics,
        Descriptor listener,
        EndPoint local,
        ILogger logger,
        Action? released = null
    )
        : base(transport, loop, sink)
    {
        Medium = medium;
        _options = options;
        _statistics = statistics;
        _released = released;
        Traits = new LinkTraits
        {
            Reliable = true,
            Ordered = true,
            ConnectionOriented = true,
            DetectsPeerDeath = true,
            HostLocal = medium.IsHostLocal,
            MaxFrameSize = options.MaxFrameSize,
        };
        LocalEndPoint = local;
        _openings = new ConnectionOpenings(loop);
        if (options.SharedMemoryLimit > 0)
            Rings = new RingBudget(options.SharedMemoryLimit);
        try
        {
            _listener = new ConnectionListener(loop, listener, _epoll, statistics, logger);
        }
        catch
        {
            _epoll.Dispose();
            throw;
        }

        _incoming = (byte*)NativeMemory.AlignedAlloc((nuint)(FrameChannel.PrefixLength + options.MaxFrameSize), 64);
    }

    public IConnectionMedium Medium { get; }

    /// <summary>
    /// The traits of a link before the opening exchange, in which the peer may ask for shorter frames.
    /// </summary>
    public LinkTraits Traits { get; }

    public EndPoint LocalEndPoint { get; }

    /// <summary>The memory that links share with their peers; null where the medium or the options know none.</summary>
    public RingBudget? Rings { get; }

    public override int Descriptor => _epoll.Number;

    protected override bool HasHiddenWork => _more && AnyHiddenWork();

    public ConnectionLink Connect(EndPoint remote)
    {
        VerifyRunning();
        FrameChannel channel = TryCreate(remote, 0, out int error)!;
        ConnectionLink link = NewLink(channel, remote, inbound: false);
        link.Begin(error);
        _openings.Schedule();
        return link;
    }

    public override bool Arm()
    {
        bool hasWork = base.Arm();
        foreach (ConnectionLink link in _polled)
            hasWork |= link.Arm();
        return hasWork;
    }

    public override void Disarm()
    {
        _sweep = true;
        foreach (ConnectionLink link in _polled)
            link.Disarm();
    }

    /// <summary>Shows peers what is staged for them.</summary>
    public void Flush()
    {
        foreach (ConnectionLink link in _staged)
            link.Flush();
        _staged.Clear();
    }

    /// <summary>A link has staged a frame.</summary>
    public void ScheduleFlush(ConnectionLink link) => _staged.Add(link);

    /// <summary>What is offered to a peer with these credentials.</summary>
    /// <param name="credentials">The credentials.</param>
    /// <param name="reason">Why it is offered no shared memory; null when it is, or the medium knows none.</param>
    public ulong FeaturesFor(PeerCredentials? credentials, out string? reason)
    {
        reason = Rings?.ReasonToRefuse(Loop.NowMicros, credentials?.UserId);
        return Rings is not null && reason is null ? RingOpening.Feature : 0;
    }

    public override void StopAccepting()
    {
        Loop.VerifyAccess();
        _listener.Close();
        _openings.DropInbound();
    }

    /// <inheritdoc cref="ConnectionListener.Replace"/>
    public void Replace(Descriptor listener) => _listener.Replace(listener);

    /// <summary>A link has passed its opening exchange.</summary>
    public void Opened(ConnectionLink link)
    {
        _openings.Remove(link);
        (link.IsPolled ? _polled : _open).Add(link);
        _statistics.Opened();
    }

    /// <summary>A link's end has been decided.</summary>
    public void Ended(ConnectionLink link, LinkClosure closure, bool opened)
    {
        _statistics.Ended(closure.Reason, opened);
        if (link.IsInbound && (!opened || closure.Reason == LinkCloseReason.ProtocolViolation))
            _listener.Report(link.Traits.Credentials, closure);
        _openings.Remove(link);
        if (link.HasRings && closure.Reason == LinkCloseReason.ProtocolViolation)
            BanFromRings(link.Traits.Credentials?.UserId, closure);
    }

    /// <summary>A ring could not be set up here: for a while none is offered to the user's processes.</summary>
    public void PauseRings(PeerCredentials? credentials, LinkClosure closure)
    {
        if (credentials?.UserId is not { } user)
            return;
        Rings!.Pause(Loop.NowMicros, user);
        _listener.ReportRings(user, RingBudget.FirstBan, closure);
    }

    private void BanFromRings(uint? user, LinkClosure closure)
    {
        if (user is { } id)
            _listener.ReportRings(id, Rings!.Ban(Loop.NowMicros, id), closure);
    }

    /// <summary>A link has closed.</summary>
    public void Forget(ConnectionLink link)
    {
        _open.Remove(link);
        _polled.Remove(link);
        _links.Remove(link);
    }

    public void CountReceived(int bytes) => _statistics.Received(bytes);

    public void CountSent(int bytes) => _statistics.Sent(1, bytes);

    public void CountBackPressure() => _statistics.Refused();

    public bool TryWatch(Descriptor socket, uint interest, uint index, out int error) =>
        _epoll.TryAdd(socket.Number, interest, index, out error);

    public void Rewatch(Descriptor socket, uint interest, uint index) => _epoll.Modify(socket.Number, interest, index);

    /// <summary>Creates a socket for an attempt to connect.</summary>
    /// <param name="remote">The remote end point.</param>
    /// <param name="attempt">The number of the attempt, from 0.</param>
    /// <param name="error">The errno of socket(2), with a channel that has no socket; otherwise 0.</param>
    /// <returns>Null when there is no further type to try.</returns>
    public FrameChannel? TryCreate(EndPoint remote, int attempt, out int error)
    {
        error = 0;
        int type = Medium.TypeFor(remote, attempt);
        if (type == 0)
            return null;
        Descriptor socket = Medium.CreateSocket(type);
        if (socket.IsInvalid)
            error = LibC.LastError;
        else if (DescriptorReserve.Includes(socket.Number))
            (socket, error) = (Refused(socket), Errno.EMFILE);
        return NewChannel(socket, type);
    }

    /// <summary>Makes the next poll serve links with work that no descriptor shows.</summary>
    public void ScheduleRead() => _more = _again = true;

    protected override int Work(int budget)
    {
        int work = Events.Dispatch(Sink, budget);
        int ofRings = _polled.Count > 0 ? PollRings(Math.Max(1, budget / 2)) : 0;
        _isQuiet = _polled.Count > 0 && ofRings == 0;
        work += ofRings;
        bool hadMore = _more;
        _more = true; // frames that no descriptor shows may be left if the sink throws
        _again = false;
        bool more = ServeLinks(budget, hadMore, ref work);
        _more = more || _again || work >= budget;
        return work;
    }

    protected override void Stop()
    {
        _listener.Close();
        _links.CloseAll(new LinkClosure(LinkCloseReason.TransportStopped));
    }

    protected override void Release()
    {
        _epoll.Dispose();
        NativeMemory.AlignedFree(_incoming);
        _released?.Invoke();
    }

    private bool ServeLinks(int budget, bool hidden, ref int work)
    {
        int interval = _isQuiet && _open.Count == 0 && _openings.IsEmpty ? QuietSweepInterval : SweepInterval;
        if (_open.Count > FewLinks || ++_polls % interval == 0 || (_sweep && _open.Count != 1))
            return Sweep(budget, hidden, ref work);
        int before = work;
        bool more = ReadAll(budget, ref work);
        return _sweep && work == before ? Sweep(budget, hidden, ref work) : more;
    }

    // What a link leaves because of its share is read by the next poll: these links are always looked at, beginning
    // with another one each time.
    private int PollRings(int budget)
    {
        int work = 0;
        int share = Math.Max(1, budget / _polled.Count);
        int first = _firstRing++;
        for (int i = 0; i < _polled.Count && work < budget; i++)
            work += _polled[(int)((uint)(first + i) % (uint)_polled.Count)].Receive(Sink, share);
        return work;
    }

    private bool AnyHiddenWork()
    {
        foreach (ConnectionLink link in _open)
        {
            if (link.HasHiddenWork)
                return true;
        }

        return false;
    }

    private bool ReadAll(int budget, ref int work)
    {
        bool more = false;
        int share = Math.Max(1, (budget - work) / Math.Max(1, _open.Count));
        for (int i = 0; i < _open.Count && work < budget; i++)
        {
            work += _open[i].Receive(Sink, share);
            more |= _open[i].MayHaveMore;
        }

        return more;
    }

    private bool Sweep(int budget, bool hidden, ref int work)
    {
        if (work >= budget)
        {
            _sweep = true;
            return true;
        }

        bool more = false;
        for (int i = 0; hidden && i < _open.Count && work < budget; i++)
        {
            if (!_open[i].HasHiddenWork)
                continue;

            // Half of the budget is left to the other links.
            work += _open[i].Receive(Sink, Math.Max(1, (budget - work) / 2));
            more |= _open[i].MayHaveMore;
        }

        int events = _epoll.Wait(0);
        int share = Math.Max(1, (budget - work) / Math.Max(1, events));
        _sweep = events == EventCapacity;
        bool accept = false;
        for (int i = 0; i < events; i++)
        {
            (uint ready, ulong token) = _epoll[i];
            if (token == ConnectionListener.Token)
            {
                accept = true;
            }
            else if (_links.TryFind((uint)token, out ConnectionLink? link))
            {
                work += link.Serve(Sink, ready, share);
                more |= link.MayHaveMore;
            }
        }

        // Last, because accepting may drop links that are opening: those that can open in this poll do so first.
        if (accept)
            work += Accept();
        return more;
    }

    private int Accept()
    {
        int accepted = 0;
        while (
            accepted < Math.Min(ConnectionListener.LongestBurst, _options.MaxPendingOpens)
            && _listener.TryAccept(out Descriptor? socket)
        )
        {
            accepted++;
            if (_openings.Inbound >= _options.MaxPendingOpens)
                _openings.DropOneInbound();
            NewLink(NewChannel(socket, Medium.ListenerType), Medium.AcceptedFrom(socket, LocalEndPoint), inbound: true)
                .Greet();
        }

        _openings.Schedule();
        return accepted;
    }

    private static Descriptor Refused(Descriptor socket)
    {
        socket.Dispose();
        return new Descriptor(-1);
    }

    /// <summary>A channel over rings, which takes the place of the socket's.</summary>
    public FrameChannel NewChannel(Descriptor socket, RingPair rings) =>
        new RingChannel(socket, _incoming, rings, _statistics);

    private FrameChannel NewChannel(Descriptor socket, int type)
    {
        // Best effort: the kernel silently limits the size to net.core.wmem_max (socket(7)).
        if (!socket.IsInvalid && _options.SendBufferSize > 0)
            LibC.SetSocketOption(socket, LibC.SOL_SOCKET, LibC.SO_SNDBUF, _options.SendBufferSize);
        if (type == LibC.SOCK_STREAM)
            return new StreamChannel(socket);
        return Medium.TearsPackets
            ? new WindowedPacketChannel(socket, _incoming)
            : new PacketChannel(socket, _incoming);
    }

    private ConnectionLink NewLink(FrameChannel channel, EndPoint remote, bool inbound)
    {
        ConnectionLink link = new(this, channel, remote, inbound, Loop.ReadMicros() + _options.OpenTimeoutMicros);
        _links.Add(link);
        _openings.Add(link);
        return link;
    }
}
