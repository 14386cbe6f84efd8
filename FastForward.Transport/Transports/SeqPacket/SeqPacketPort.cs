using System.Net;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport;

/// <summary>
/// All seqpacket links of one transport and the listener they come from, whatever the address family: one epoll instance
/// over them, which is what the loop sleeps on.
/// </summary>
/// <remarks>
/// While few links are open, a poll reads them directly and asks epoll only now and then: that saves a system call per
/// turn of a spinning loop. After every sleep epoll is asked, and it alone serves the listener, links that are opening,
/// and room for output.
/// </remarks>
internal sealed unsafe class SeqPacketPort : IDisposable
{
    /// <summary>Frames that one link may deliver before the others have their turn.</summary>
    public const int LongestBurst = 64;

    private const int FewLinks = 4;
    private const int SweepInterval = 16;
    private const int EventCapacity = 64;

    private readonly IForwardTransport _transport;
    private readonly SeqPacketOptions _options;
    private readonly ConnectionStatistics _statistics;
    private readonly ForwardLoop _loop;
    private readonly ILinkSink _sink;
    private readonly SeqPacketListener _listener;
    private readonly SeqPacketOpenings _openings;
    private readonly Epoll _epoll = new(EventCapacity);
    private readonly LinkTable<SeqPacketLink> _links = new();
    private readonly DeferredEvents _events = new();
    private readonly List<SeqPacketLink> _open = [];
    private uint _polls;
    private bool _sweep = true;
    private bool _more;
    private bool _dispatching;
    private Action? _afterPoll;
    private bool _disposed;

    public SeqPacketPort(
        IForwardTransport transport,
        ISeqPacketMedium medium,
        SeqPacketOptions options,
        ConnectionStatistics statistics,
        ForwardLoop loop,
        ILinkSink sink,
        Descriptor listener,
        EndPoint local,
        ILogger logger)
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
        Incoming = (byte*)NativeMemory.AlignedAlloc((nuint)options.MaxFrameSize, 64);
        _openings = new SeqPacketOpenings(loop);
        _listener = new SeqPacketListener(loop, listener, _epoll, statistics, logger);
        LocalEndPoint = local;
    }

    public ISeqPacketMedium Medium { get; }

    /// <summary>What a link promises unless the far end takes shorter frames.</summary>
    public LinkTraits Traits { get; }

    public EndPoint LocalEndPoint { get; }

    /// <summary>Where packets are read to, <see cref="SeqPacketOptions.MaxFrameSize"/> octets; dispatch does not recurse, so one is enough.</summary>
    public byte* Incoming { get; }

    public int Descriptor => _epoll.Number;

    public SeqPacketLink Connect(EndPoint remote)
    {
        ObjectDisposedException.ThrowIf(_disposed, _transport);
        _loop.VerifyAccess();
        Descriptor socket = Medium.CreateSocket();
        int error = socket.IsInvalid ? LibC.LastError : 0;
        SeqPacketLink link = NewLink(socket, remote, inbound: false);
        if (error == 0) link.Connect();
        else link.CloseWith(new LinkClosure(LinkCloseReason.Failed, error, $"no socket: {LibC.Describe(error)}"));
        _openings.Schedule();
        return link;
    }

    public int Poll(int budget)
    {
        if (_disposed || _dispatching) return 0;
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

    public bool Arm() => _events.Any || _more;

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
        if (!_dispatching || _disposed) return false;
        _listener.Close();
        _links.CloseAll(new LinkClosure(LinkCloseReason.TransportStopped));
        _afterPoll = dispose;
        return true;
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _dispatching = true;
        try
        {
            _listener.Close();
            _links.CloseAll(new LinkClosure(LinkCloseReason.TransportStopped));
            while (_events.Any) _events.Dispatch(_sink, int.MaxValue);
        }
        finally
        {
            _epoll.Dispose();
            NativeMemory.AlignedFree(Incoming);
        }
    }

    /// <summary>A link has passed its opening exchange.</summary>
    public void Opened(SeqPacketLink link)
    {
        _openings.Remove(link);
        _listener.Resume(_openings.Inbound < _options.MaxPendingOpens);
        _open.Add(link);
        _statistics.Opened();
    }

    /// <summary>A link's end has been decided.</summary>
    public void Ended(SeqPacketLink link, LinkClosure closure, bool opened)
    {
        _statistics.Ended(closure.Reason, opened);
        if (link.IsInbound && !opened) _listener.Report(closure);
        _openings.Remove(link);
        _listener.Resume(_openings.Inbound < _options.MaxPendingOpens);
    }

    /// <summary>A link's end has been delivered, or is about to be.</summary>
    public void Forget(SeqPacketLink link)
    {
        _open.Remove(link);
        _links.Remove(link);
    }

    public void CountReceived(int bytes) => _statistics.Received(bytes);

    public void CountSent(int bytes) => _statistics.Sent(1, bytes);

    public void CountBackPressure() => _statistics.Refused();

    public bool TryWatch(Descriptor socket, uint index, out int error) => _epoll.TryAdd(socket.Number, LibC.EPOLLIN, index, out error);

    public void Rewatch(Descriptor socket, bool output, uint index) =>
        _epoll.Modify(socket.Number, output ? LibC.EPOLLIN | LibC.EPOLLOUT : LibC.EPOLLIN, index);

    private int Work(int budget)
    {
        long before = _statistics.FramesReceived;
        int work = _events.Dispatch(_sink, budget);
        _more = false;
        if (_sweep || _open.Count > FewLinks || ++_polls % SweepInterval == 0) work += Sweep(budget - work);
        else work += ReadAll(budget - work);
        if (_statistics.FramesReceived != before) _sink.BatchEnd(_transport);
        return work;
    }

    private int ReadAll(int budget)
    {
        int work = 0;
        int share = Math.Max(1, budget / Math.Max(1, _open.Count));
        for (int i = 0; i < _open.Count && work < budget; i++)
        {
            work += _open[i].Receive(_sink, share);
            _more |= _open[i].MayHaveMore;
        }

        return work;
    }

    private int Sweep(int budget)
    {
        if (budget <= 0)
        {
            _more = _sweep = true;
            return 0;
        }

        int events = _epoll.Wait(0);
        int work = 0;
        int share = Math.Max(1, budget / Math.Max(1, events)); // a flooding link leaves the others their part
        _sweep = events == EventCapacity;
        for (int i = 0; i < events; i++)
        {
            (uint ready, ulong token) = _epoll[i];
            if (token == SeqPacketListener.Token)
            {
                work += Accept();
            }
            else if (_links.TryFind((uint)token, out SeqPacketLink? link))
            {
                work += link.Serve(_sink, ready, share);
                _more |= link.MayHaveMore;
            }
        }

        return work;
    }

    private int Accept()
    {
        int accepted = 0;
        while (accepted < SeqPacketListener.LongestBurst && _openings.Inbound < _options.MaxPendingOpens
            && _listener.TryAccept(out Descriptor? socket))
        {
            accepted++;
            NewLink(socket, LocalEndPoint, inbound: true).Greet();
        }

        _listener.Resume(_openings.Inbound < _options.MaxPendingOpens);
        _openings.Schedule();
        return accepted;
    }

    private SeqPacketLink NewLink(Descriptor socket, EndPoint remote, bool inbound)
    {
        if (!socket.IsInvalid) LibC.SetSocketOption(socket, LibC.SOL_SOCKET, LibC.SO_SNDBUF, _options.SendBufferSize); // best effort
        SeqPacketLink link = new(this, _transport, _loop, _events, socket, remote, inbound, _loop.ReadMicros() + _options.OpenTimeoutMicros);
        _links.Add(link);
        _openings.Add(link);
        return link;
    }
}
