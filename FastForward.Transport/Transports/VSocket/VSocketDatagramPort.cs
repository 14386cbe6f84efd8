using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Datagrams;
using FastForward.Transport.Transports.Links;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>
/// The datagram socket of a <see cref="VSocketTransport"/> and its links, which are found as on UDP: by the index in the
/// frame, and the source must fit. The kernel vouches for the context id of a source.
/// </summary>
internal sealed class VSocketDatagramPort : IDisposable
{
    private const ulong SocketToken = 0;

    private readonly IForwardTransport _transport;
    private readonly IVSocketFamily _family;
    private readonly VSocketTransportStatistics _statistics;
    private readonly ForwardLoop _loop;
    private readonly ILinkSink _sink;
    private readonly VSocketDatagramSocket _socket;
    private readonly LinkTraits _traits;
    private readonly Epoll _epoll = new(1);
    private readonly DatagramReceiveBatch _incoming;
    private readonly LinkTable<VSocketDatagramLink> _links = new();
    private readonly DeferredEvents _events = new();
    private bool _accepting = true;
    private bool _dispatching;
    private bool _disposeAfterPoll;
    private bool _disposed;

    public VSocketDatagramPort(
        IForwardTransport transport,
        IVSocketFamily family,
        int maxFrameSize,
        VSocketTransportStatistics statistics,
        ForwardLoop loop,
        ILinkSink sink,
        Descriptor socket
    )
    {
        _transport = transport;
        _family = family;
        _statistics = statistics;
        _loop = loop;
        _sink = sink;
        _socket = new VSocketDatagramSocket(socket, maxFrameSize, statistics);
        _traits = new LinkTraits
        {
            Reliable = false,
            Ordered = false,
            ConnectionOriented = false,
            DetectsPeerDeath = false,
            HostLocal = true,
            MaxFrameSize = maxFrameSize,
        };
        _incoming = new DatagramReceiveBatch(maxFrameSize);
        _socket.Watch(_epoll, SocketToken);
    }

    public int Descriptor => _epoll.Number;

    public IForwardLink Connect(VSocketEndPoint remote)
    {
        ObjectDisposedException.ThrowIf(_disposed, _transport);
        VSocketDatagramLink link = NewLink(remote, inbound: false);
        _events.Opened(link);
        return link;
    }

    public IForwardLink Adopt(in StrangerSource source) =>
        _family.ReadAddress(source.Address) is { } remote
            ? NewLink(remote, inbound: true)
            : throw new ArgumentException("The source is none that this transport has shown.", nameof(source));

    public bool TryAnswer(in StrangerSource source, ReadOnlySpan<byte> frame)
    {
        int slot = frame.IsEmpty || frame.Length > _traits.MaxFrameSize ? -1 : _socket.Claim();
        if (slot < 0)
            return false;
        frame.CopyTo(_socket.Outgoing.Frame(slot, frame.Length));
        _socket.Outgoing.Stage(slot, frame.Length, source.Address, default, expedited: false);
        _socket.Flush();
        return true;
    }

    public void Flush() => _socket.Flush();

    public void Forget(VSocketDatagramLink link) => _links.Remove(link);

    public void StopAccepting() => _accepting = false;

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
            if (_disposeAfterPoll)
                Dispose();
        }
    }

    public bool Arm() => _events.Any || _incoming.HasMore || _socket.HasRefusedLinks;

    public void Dispose()
    {
        if (_disposed)
            return;
        _links.CloseAll(new LinkClosure(LinkCloseReason.TransportStopped));
        _accepting = false;
        _disposeAfterPoll = _dispatching;
        if (_dispatching)
            return;
        _disposed = true;
        _dispatching = true;
        try
        {
            while (_events.Any)
                _events.Dispatch(_sink, int.MaxValue);
        }
        finally
        {
            _epoll.Dispose();
            _socket.Dispose();
            _incoming.Dispose();
        }
    }

    private int Work(int budget)
    {
        long before = _statistics.FramesReceived;
        int work = Deliver(budget); // what a sink that threw has left
        if (_socket.IsBlocked)
            _socket.Flush();
        if (_socket.HasRefusedLinks)
            _socket.NotifyRefused();
        work += _events.Dispatch(_sink, Math.Max(0, budget - work));
        while (work < budget && !_incoming.HasMore)
        {
            int wanted = Math.Min(budget - work, DatagramReceiveBatch.Capacity);
            int received = _incoming.Receive(_socket.Descriptor, wanted);
            if (received <= 0)
            {
                if (LibC.LastError is not (Errno.EAGAIN or Errno.EINTR))
                    _statistics.ReceiveFailed();
                break;
            }

            work += Deliver(received);
            if (received < wanted)
                break;
        }

        if (_statistics.FramesReceived != before)
            _sink.BatchEnd(_transport);
        return work;
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
        if (
            _links.TryFind(index, out VSocketDatagramLink? link)
            && link.State == LinkState.Open
            && link.IsFrom(datagram.Source)
        )
        {
            _statistics.Received(datagram.Frame.Length);
            _sink.Frame(link, datagram.Frame);
        }
        else if (_accepting)
        {
            _statistics.StrangerShown();
            _sink.Stranger(
                _transport,
                new StrangerSource(
                    datagram.Source,
                    default,
                    isLoopback: true,
                    _family.ReadAddress(datagram.Source)?.Cid
                ),
                datagram.Frame
            );
        }
        else
        {
            _statistics.StrangerIgnored();
        }
    }

    private VSocketDatagramLink NewLink(VSocketEndPoint remote, bool inbound)
    {
        _loop.VerifyAccess();
        // Also of a link that begins here: frames that are not from there never reach it.
        LinkTraits traits = _traits with
        {
            Credentials = new PeerCredentials { ContextId = remote.Cid },
        };
        VSocketDatagramLink link = new(this, _transport, _loop, _events, _family, _socket, remote, traits, inbound);
        _links.Add(link);
        return link;
    }
}
