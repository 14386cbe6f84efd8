using System.Net;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Links;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Transports.Datagrams;

/// <summary>
/// The datagram sockets of one transport and the links over them: what is polled when, and which link a datagram
/// belongs to. A medium adds how links are made and how a stranger's source is described.
/// </summary>
/// <remarks>
/// A datagram belongs to the link whose index it carries (<see cref="DatagramFrame"/>), if its source is that link's
/// remote end point. From another source that the link may have, it is shown to the sink, which may rebind the link.
/// Everything else is a stranger's.
/// </remarks>
internal abstract class DatagramPort : TransportPort
{
    // Polling a socket without traffic costs a system call, which doubles the cost of spinning on a busy one. A socket
    // is quiet after this many polls without a datagram. While another one is busy, one quiet socket is polled every
    // 8th poll, in turn; while all are quiet, one per poll, in turn.
    private const int QuietAfter = 64;
    private const int QuietPollInterval = 8;

    private readonly DatagramStatistics _statistics;
    private readonly LinkTable<DatagramLink> _links = new();
    private readonly Epoll _epoll;
    private readonly DatagramReceiveBatch _incoming;
    private readonly ReceiveOverflows _overflows;
    private DatagramSocket[] _sockets;
    private uint _polls;
    private bool _awoke = true;
    private bool _accepting = true;

    /// <param name="transport">The transport that owns the port.</param>
    /// <param name="loop">The loop that polls it.</param>
    /// <param name="sink">Where events go.</param>
    /// <param name="sockets">One or more sockets, owned by the port unless this constructor throws.</param>
    /// <param name="maxFrameSize">The longest frame, in bytes.</param>
    /// <param name="statistics">What is counted.</param>
    /// <param name="logger">Receives the log of datagrams that the kernel dropped.</param>
    protected DatagramPort(
        IForwardTransport transport,
        ForwardLoop loop,
        ILinkSink sink,
        DatagramSocket[] sockets,
        int maxFrameSize,
        DatagramStatistics statistics,
        ILogger logger
    )
        : base(transport, loop, sink)
    {
        _sockets = sockets;
        _statistics = statistics;
        _epoll = new Epoll(sockets.Length);
        try
        {
            for (int i = 0; i < sockets.Length; i++)
                sockets[i].Watch(_epoll, (ulong)i);
        }
        catch
        {
            _epoll.Dispose();
            throw;
        }

        _incoming = new DatagramReceiveBatch(maxFrameSize, Array.Exists(sockets, static socket => socket.JoinsRuns));
        _overflows = new ReceiveOverflows(loop, sockets, statistics, logger);
        Traits = new LinkTraits
        {
            Reliable = false,
            Ordered = false,
            ConnectionOriented = false,
            DetectsPeerDeath = false,
            HostLocal = false,
            MaxFrameSize = maxFrameSize,
        };
    }

    public override int Descriptor => _epoll.Number;

    /// <summary>Runs of datagrams that the kernel took as one.</summary>
    public long RunsSent => _sockets.Sum(static socket => socket.Outgoing.RunsSent);

    /// <summary>Runs of datagrams that the kernel delivered as one.</summary>
    public long RunsReceived => _incoming.RunsReceived;

    /// <summary>The traits of a link to another machine.</summary>
    protected LinkTraits Traits { get; }

    protected override bool HasHiddenWork
    {
        get
        {
            if (_incoming.HasMore)
                return true;
            foreach (DatagramSocket socket in _sockets)
            {
                if (socket.HasRefusedLinks)
                    return true;
            }

            return false;
        }
    }

    public override void Disarm() => _awoke = true;

    /// <summary>Sends what is staged on all sockets.</summary>
    public void Flush()
    {
        Loop.VerifyAccess();
        foreach (DatagramSocket socket in _sockets)
            socket.Flush();
    }

    public override void StopAccepting()
    {
        Loop.VerifyAccess();
        _accepting = false;
    }

    /// <summary>A link has closed.</summary>
    public void Forget(DatagramLink link) => _links.Remove(link);

    /// <summary>Describes where a datagram that belongs to no link came from.</summary>
    protected abstract StrangerSource DescribeSource(in DatagramReceiveBatch.Datagram datagram);

    /// <summary>The end point of a raw socket address that came from the kernel.</summary>
    public abstract EndPoint ReadAddress(ReadOnlySpan<byte> address);

    protected void Add(DatagramLink link) => _links.Add(link);

    protected override int Work(int budget)
    {
        int work = Deliver(budget); // datagrams left over when the sink threw during an earlier poll
        foreach (DatagramSocket socket in _sockets)
        {
            if (socket.IsBlocked)
                socket.Flush();
            if (socket.HasRefusedLinks)
                socket.NotifyRefused();
        }

        work += Events.Dispatch(Sink, budget - Math.Min(work, budget));
        int events = work;
        bool awoke = _awoke;
        _awoke = false;
        _polls++;
        uint count = (uint)_sockets.Length;
        uint interval = AnyBusy() ? QuietPollInterval : 1u;
        uint quietTurn = _polls % interval == 0 ? _polls / interval % count : count; // count: none in this poll
        for (uint i = 0; i < count && work < budget; i++)
        {
            // The sockets take turns in being first, so that a flood on one cannot starve the other.
            uint index = (i + (_polls % count)) % count;
            DatagramSocket socket = _sockets[index];
            if ((awoke && work == events) || socket.QuietPolls < QuietAfter || index == quietTurn)
                work += Receive(socket, budget - work);
        }

        // The loop woke up and nothing could be received: an error report is pending, which would wake it up again.
        if (awoke && work == events)
        {
            foreach (DatagramSocket socket in _sockets)
                socket.DrainErrors();
        }

        return work;
    }

    protected override void Stop()
    {
        _accepting = false;
        _overflows.Dispose();
        _links.CloseAll(new LinkClosure(LinkCloseReason.TransportStopped));
    }

    protected override void Release()
    {
        foreach (DatagramSocket socket in _sockets)
            socket.Dispose();
        _sockets = [];
        _epoll.Dispose();
        _incoming.Dispose();
    }

    private bool AnyBusy()
    {
        foreach (DatagramSocket socket in _sockets)
        {
            if (socket.QuietPolls < QuietAfter)
                return true;
        }

        return false;
    }

    // One system call. The number of datagrams it asks for doubles while all of them arrive and falls back to one when
    // not, so that a single datagram is handled before the call that would find no second one.
    private int Receive(DatagramSocket socket, int budget)
    {
        if (_incoming.HasMore)
            return 0;
        int wanted = Math.Min(budget, socket.Burst);
        int received = _incoming.Receive(socket.Descriptor, wanted);
        socket.Burst = received == wanted ? Math.Min(wanted * 2, DatagramReceiveBatch.Capacity) : 1;
        if (received > 0)
        {
            socket.QuietPolls = 0;
            return Deliver(budget);
        }

        socket.QuietPolls = Math.Min(socket.QuietPolls + 1, QuietAfter);
        if (LibC.LastError is Errno.EAGAIN or Errno.EINTR)
            return 0;
        _statistics.ReceiveFailed();
        return socket.DrainErrors() ? 1 : 0; // counted as work, so that the loop polls again before it sleeps
    }

    private int Deliver(int budget)
    {
        int taken = 0;
        while (taken < budget && _incoming.TryTake(out DatagramReceiveBatch.Datagram datagram))
        {
            taken++;
            if (datagram.IsTruncated)
                _statistics.TooLong();
            else if (datagram.Frame.Length < DatagramFrame.ShortestLength)
                _statistics.TooShort();
            else
                Deliver(datagram);
        }

        return taken;
    }

    private void Deliver(in DatagramReceiveBatch.Datagram datagram)
    {
        uint index = DatagramFrame.ReadIndex(datagram.Frame);
        bool isOfLink = _links.TryFind(index, out DatagramLink? link) && link.State == LinkState.Open;
        if (isOfLink && link!.IsFrom(datagram))
        {
            Statistics.Received(datagram.Frame.Length);
            Sink.Frame(link, datagram.Frame);
            return;
        }

        StrangerSource source = DescribeSource(datagram);
        if (isOfLink && link!.MayMoveTo(source))
        {
            _statistics.StrangerShown();
            Sink.Moved(link, source, datagram.Frame);
        }
        else if (_accepting)
        {
            _statistics.StrangerShown();
            Sink.Stranger(Transport, source, datagram.Frame);
        }
        else
        {
            _statistics.StrangerIgnored();
        }
    }
}
