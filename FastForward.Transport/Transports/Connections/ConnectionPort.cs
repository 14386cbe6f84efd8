using System.Net;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Links;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Transports.Connections;

/// <summary>
/// All links over connections of one transport and the listener they come from, whatever the address family and socket
/// type: one epoll instance over them, which is what the loop sleeps on.
/// </summary>
/// <remarks>
/// While few links are open, a poll reads them directly and asks epoll only now and then: that saves a system call per
/// turn of a spinning loop. After a sleep epoll is asked, unless a sole link turns out to be what woke the loop; it alone
/// serves the listener, links that are opening, and room for output.
/// </remarks>
internal sealed unsafe class ConnectionPort : IDisposable
{
    /// <summary>Frames that one link may deliver before the others have their turn.</summary>
    public const int LongestBurst = 64;

    private const int FewLinks = 4;
    private const int SweepInterval = 16;
    private const int EventCapacity = 64;

    private readonly IForwardTransport _transport;
    private readonly ConnectionOptions _options;
    private readonly ConnectionStatistics _statistics;
    private readonly ForwardLoop _loop;
    private readonly ILinkSink _sink;
    private readonly ConnectionListener _listener;
    private readonly ConnectionOpenings _openings;
    private readonly Epoll _epoll = new(EventCapacity);
    private readonly LinkTable<ConnectionLink> _links = new();
    private readonly DeferredEvents _events = new();
    private readonly List<ConnectionLink> _open = [];

    // Where packets are read to; dispatch does not recurse, so one is enough.
    private readonly byte* _incoming;
    private uint _polls;
    private bool _sweep = true;
    private bool _more;
    private bool _again;
    private bool _dispatching;
    private Action? _afterPoll;
    private bool _disposed;

    public ConnectionPort(
        IForwardTransport transport,
        IConnectionMedium medium,
        ConnectionOptions options,
        ConnectionStatistics statistics,
        ForwardLoop loop,
        ILinkSink sink,
        Descriptor listener,
        EndPoint local,
        ILogger logger
    )
    {
        _transport = transport;
        Medium = medium;
        _options = options;
        _statistics = statistics;
        _loop = loop;
        _sink = sink;
        Traits = new LinkTraits
        {
            Reliable = true,
            Ordered = true,
            ConnectionOriented = true,
            DetectsPeerDeath = true,
            HostLocal = medium.IsHostLocal,
            MaxFrameSize = options.MaxFrameSize,
        };
        _incoming = (byte*)NativeMemory.AlignedAlloc((nuint)(FrameChannel.PrefixLength + options.MaxFrameSize), 64);
        _openings = new ConnectionOpenings(loop);
        _listener = new ConnectionListener(loop, listener, _epoll, statistics, logger);
        LocalEndPoint = local;
    }

    public IConnectionMedium Medium { get; }

    /// <summary>What a link promises unless the far end takes shorter frames.</summary>
    public LinkTraits Traits { get; }

    public EndPoint LocalEndPoint { get; }

    public int Descriptor => _epoll.Number;

    public ConnectionLink Connect(EndPoint remote)
    {
        ObjectDisposedException.ThrowIf(_disposed, _transport);
        _loop.VerifyAccess();
        FrameChannel channel = TryCreate(remote, 0, out int error)!;
        ConnectionLink link = NewLink(channel, remote, inbound: false);
        link.Begin(error);
        _openings.Schedule();
        return link;
    }

    public int Poll(int budget)
    {
        if (_disposed || _dispatching)
            return 0;
        _dispatching = true;
        try
        {
            return Work(budget);
        }
        finally
        {
            _dispatching = false;
            _afterPoll?.Invoke();
        }
    }

    // What the kernel still has its descriptor shows.
    public bool Arm() => _events.Any || (_more && AnyUnshown());

    public void Disarm() => _sweep = true;

    public void StopAccepting()
    {
        _loop.VerifyAccess();
        _listener.Close();
        _openings.AbandonInbound();
    }

    /// <summary>Ends every link, and runs <paramref name="dispose"/> when the running poll ends.</summary>
    /// <returns>False when no poll runs: then it is for the caller to go on.</returns>
    public bool StopAfterPoll(Action dispose)
    {
        if (!_dispatching || _disposed)
            return false;
        _listener.Close();
        _links.CloseAll(new LinkClosure(LinkCloseReason.TransportStopped));
        _afterPoll = dispose;
        return true;
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _dispatching = true;
        try
        {
            _listener.Close();
            _links.CloseAll(new LinkClosure(LinkCloseReason.TransportStopped));
            while (_events.Any)
                _events.Dispatch(_sink, int.MaxValue);
        }
        finally
        {
            _epoll.Dispose();
            NativeMemory.AlignedFree(_incoming);
        }
    }

    /// <summary>A link has passed its opening exchange.</summary>
    public void Opened(ConnectionLink link)
    {
        _openings.Remove(link);
        _open.Add(link);
        _statistics.Opened();
    }

    /// <summary>A link's end has been decided.</summary>
    public void Ended(ConnectionLink link, LinkClosure closure, bool opened)
    {
        _statistics.Ended(closure.Reason, opened);
        if (link.IsInbound && (!opened || closure.Reason == LinkCloseReason.ProtocolViolation))
            _listener.Report(link.Traits.Credentials, closure);
        _openings.Remove(link);
    }

    /// <summary>A link's end has been delivered, or is about to be.</summary>
    public void Forget(ConnectionLink link)
    {
        _open.Remove(link);
        _links.Remove(link);
    }

    public void CountReceived(int bytes) => _statistics.Received(bytes);

    public void CountSent(int bytes) => _statistics.Sent(1, bytes);

    public void CountBackPressure() => _statistics.Refused();

    public bool TryWatch(Descriptor socket, uint interest, uint index, out int error) =>
        _epoll.TryAdd(socket.Number, interest, index, out error);

    public void Rewatch(Descriptor socket, uint interest, uint index) => _epoll.Modify(socket.Number, interest, index);

    /// <summary>A socket for a certain attempt to connect, from 0.</summary>
    /// <returns>Null when no further type is to be tried.</returns>
    public FrameChannel? TryCreate(EndPoint remote, int attempt, out int error)
    {
        error = 0;
        int type = Medium.TypeFor(remote, attempt);
        if (type == 0)
            return null;
        Descriptor socket = Medium.CreateSocket(type);
        if (socket.IsInvalid)
            error = LibC.LastError;
        return NewChannel(socket, type);
    }

    /// <summary>A link is to be served at the next poll although nothing may tell of it.</summary>
    public void LookAgain() => _more = _again = true;

    private int Work(int budget)
    {
        long before = _statistics.FramesReceived;
        int work = _events.Dispatch(_sink, budget);
        bool hadMore = _more;
        _more = true; // should the sink throw: frames that no descriptor shows may be left
        _again = false;
        bool more = Look(budget, hadMore, ref work);
        _more = more || _again || work >= budget;
        if (_statistics.FramesReceived != before)
            _sink.BatchEnd(_transport);
        return work;
    }

    private bool Look(int budget, bool unshown, ref int work)
    {
        if (_open.Count > FewLinks || ++_polls % SweepInterval == 0 || (_sweep && _open.Count != 1))
            return Sweep(budget, unshown, ref work);
        int before = work;
        bool more = ReadAll(budget, ref work);
        return _sweep && work == before ? Sweep(budget, unshown, ref work) : more;
    }

    private bool AnyUnshown()
    {
        foreach (ConnectionLink link in _open)
        {
            if (link.HasUnshown)
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
            work += _open[i].Receive(_sink, share);
            more |= _open[i].MayHaveMore;
        }

        return more;
    }

    private bool Sweep(int budget, bool unshown, ref int work)
    {
        if (work >= budget)
        {
            _sweep = true;
            return true;
        }

        bool more = false;
        for (int i = 0; unshown && i < _open.Count && work < budget; i++)
        {
            if (!_open[i].HasUnshown)
                continue;
            work += _open[i].Receive(_sink, Math.Max(1, (budget - work) / 2)); // a flooding link leaves the others their part
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
                work += link.Serve(_sink, ready, share);
                more |= link.MayHaveMore;
            }
        }

        // Last: whoever has said who it is by now does not give its place up.
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
                _openings.AbandonOneInbound();
            NewLink(NewChannel(socket, Medium.ListenerType), Medium.AcceptedFrom(socket, LocalEndPoint), inbound: true)
                .Greet();
        }

        _openings.Schedule();
        return accepted;
    }

    private FrameChannel NewChannel(Descriptor socket, int type)
    {
        if (!socket.IsInvalid && _options.SendBufferSize > 0)
            LibC.SetSocketOption(socket, LibC.SOL_SOCKET, LibC.SO_SNDBUF, _options.SendBufferSize); // best effort
        if (type == LibC.SOCK_STREAM)
            return new StreamChannel(socket);
        return Medium.TearsPackets
            ? new WindowedPacketChannel(socket, _incoming)
            : new PacketChannel(socket, _incoming);
    }

    private ConnectionLink NewLink(FrameChannel channel, EndPoint remote, bool inbound)
    {
        ConnectionLink link = new(
            this,
            _transport,
            _loop,
            _events,
            channel,
            remote,
            inbound,
            _loop.ReadMicros() + _options.OpenTimeoutMicros
        );
        _links.Add(link);
        _openings.Add(link);
        return link;
    }
}
