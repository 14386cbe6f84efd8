using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using FastForward.Transport;
using FastForward.Transport.Addressing;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports;

/// <summary>
/// Moves frames between nodes of one process, through queues. It has connections, and loses and reorders nothing.
/// </summary>
/// <remarks>
/// Each node has a transport on its own loop. What the other side does arrives in <see cref="_inbox"/>; everything else
/// belongs to the loop thread. A queue has no descriptor that could wake up a sleeping loop, so <see cref="Put"/>
/// posts. What arrives after the disposal is refused by the thread that puts it, so that every link gets its Closed and
/// every rented frame is returned.
/// </remarks>
internal sealed class MemoryTransport(int port) : IForwardTransport
{
    /// <summary>The host of all end points: a loopback address, towards which a route needs no key.</summary>
    public const string Host = "127.0.0.1";

    private static readonly ConcurrentDictionary<EndPoint, MemoryTransport> s_listeners = new();

    private readonly RdmaEndPoint _local = new(Host, port);
    private readonly ConcurrentQueue<MemoryArrival> _inbox = new();
    private readonly HashSet<MemoryLink> _links = [];
    private readonly MemoryStatistics _statistics = new();
    private ForwardLoop? _loop;
    private ILinkSink? _sink;
    private volatile bool _isClosed; // all links have closed; what arrives is refused
    private bool _isDisposed;
    private bool _isPolling;
    private bool _isAccepting = true;

    public TransportKind Kind => TransportKind.Rdma;

    public TransportStatistics Statistics => _statistics;

    public IReadOnlyList<EndPoint> LocalEndPoints => _loop is null ? [] : [_local];

    public int Descriptor => -1;

    public TransportAvailability CheckAvailability() => TransportAvailability.Available;

    public void Start(ForwardLoop loop, ILinkSink sink)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_loop is not null)
            throw new InvalidOperationException("The transport was started already.");
        _loop = loop; // before the others see it: they post to it
        _sink = sink;
        if (s_listeners.TryAdd(_local, this))
            return;
        _loop = null;
        throw new TransportException($"{_local} is in use by another node of this process: choose another port.");
    }

    public IForwardLink Connect(EndPoint remote, EndPoint? local = null)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (local is not null)
            throw new ArgumentException("Memory has no choice of local end points.", nameof(local));
        if (remote is not RdmaEndPoint)
            throw new ArgumentException($"{remote} is not an {nameof(RdmaEndPoint)}.", nameof(remote));
        if (_loop is null)
            throw new InvalidOperationException("The transport has not been started.");
        MemoryLink link = new(this, remote, isInbound: false);
        _links.Add(link);
        if (s_listeners.TryGetValue(remote, out MemoryTransport? listener))
            listener.Put(new MemoryArrival(MemoryArrivalKind.Connect, null, link));
        else
            link.CloseWith(Refused(remote));
        return link;
    }

    // With connections, there are no frames of strangers.
    public IForwardLink Adopt(in StrangerSource source) => throw new NotSupportedException();

    public bool TryAnswer(in StrangerSource source, ReadOnlySpan<byte> frame) => throw new NotSupportedException();

    public int Poll(int budget)
    {
        if (_isPolling || _isDisposed)
            return 0; // dispatch does not recurse
        int done = 0;
        long framesBefore = _statistics.FramesReceived;
        _isPolling = true;
        try
        {
            while (done < budget && !_isDisposed && _inbox.TryDequeue(out MemoryArrival arrival))
            {
                done++;
                Take(arrival);
            }

            if (_statistics.FramesReceived != framesBefore)
                _sink!.BatchEnd(this);
        }
        finally
        {
            _isPolling = false;
            if (_isDisposed)
                CloseAll(); // disposed by a callback
        }

        return done;
    }

    public bool Arm() => !_inbox.IsEmpty;

    public void Disarm() { }

    public void Flush() { } // a committed frame is at the other side already

    public void StopAccepting()
    {
        _isAccepting = false;
        s_listeners.TryRemove(new KeyValuePair<EndPoint, MemoryTransport>(_local, this));
    }

    public void Dispose()
    {
        if (_isDisposed)
            return;
        StopAccepting();
        _isDisposed = true;
        if (!_isPolling)
            CloseAll();
    }

    /// <summary>Takes what the other side did. Thread-safe.</summary>
    public void Put(in MemoryArrival arrival)
    {
        _inbox.Enqueue(arrival);
        Interlocked.MemoryBarrier(); // CloseAll does the mirror image: one of the two sees what the other did
        if (_isClosed)
            EndAll();
        else
            _loop!.Post(static () => { }); // wakes up the loop
    }

    public void CountBackPressure() => _statistics.AddBackPressure();

    public void CountSent(int bytes) => _statistics.AddSent(bytes);

    private void Take(in MemoryArrival arrival)
    {
        switch (arrival)
        {
            case { Kind: MemoryArrivalKind.Connect } when !_isAccepting:
                End(arrival);
                break;
            case { Kind: MemoryArrivalKind.Connect, Other: { } other }:
                MemoryLink accepted = new(this, _local, isInbound: true);
                _links.Add(accepted);
                accepted.Open(other);
                other.Owned.Put(new MemoryArrival(MemoryArrivalKind.Opened, other, accepted));
                _sink!.Opened(accepted);
                break;
            case { Kind: MemoryArrivalKind.Opened, Link: { } link, Other: { } other }:
                if (link.Open(other))
                    _sink!.Opened(link);
                else
                    other.Owned.Put(MemoryArrival.Closed(other, new LinkClosure(LinkCloseReason.PeerClosed)));
                break;
            case { Kind: MemoryArrivalKind.Frame, Link: { } link, Buffer: { } buffer }:
                try
                {
                    if (link.IsOpen)
                    {
                        _statistics.AddReceived(arrival.Length);
                        _sink!.Frame(link, buffer.AsSpan(0, arrival.Length));
                    }
                }
                finally
                {
                    End(arrival); // also when the sink throws
                }

                break;
            case { Kind: MemoryArrivalKind.Writable, Link: { } link }:
                if (link.IsOpen)
                    _sink!.Writable(link);
                break;
            case { Kind: MemoryArrivalKind.Closed, Link: { } link }:
                link.CloseWith(arrival.Closure);
                if (_links.Remove(link))
                    Closed(link);
                break;
        }
    }

    private void CloseAll()
    {
        _isClosed = true;
        Interlocked.MemoryBarrier();
        foreach (MemoryLink link in _links)
        {
            link.CloseWith(new LinkClosure(LinkCloseReason.TransportStopped));
            Closed(link);
        }

        _links.Clear();
        EndAll();
    }

    private void Closed(MemoryLink link)
    {
        if (link.Closure.Reason == LinkCloseReason.ConnectRefused)
            _statistics.AddRefusedLink();
        _sink!.Closed(link, link.Closure);
    }

    // Thread-safe, as everything below it.
    private void EndAll()
    {
        while (_inbox.TryDequeue(out MemoryArrival arrival))
            End(arrival);
    }

    /// <summary>Ends what is not, or no longer, for the sink. Thread-safe.</summary>
    private void End(in MemoryArrival arrival)
    {
        switch (arrival)
        {
            case { Kind: MemoryArrivalKind.Connect, Other: { } other }:
                other.Owned.Put(MemoryArrival.Closed(other, Refused(_local)));
                break;
            case { Kind: MemoryArrivalKind.Opened, Other: { } other }:
                other.Owned.Put(MemoryArrival.Closed(other, new LinkClosure(LinkCloseReason.PeerClosed)));
                break;
            case { Kind: MemoryArrivalKind.Frame, Other: { } sender, Buffer: { } buffer }:
                ArrayPool<byte>.Shared.Return(buffer);
                sender.Delivered();
                break;
        }
    }

    private static LinkClosure Refused(EndPoint remote) =>
        new(LinkCloseReason.ConnectRefused, Detail: $"no node of this process listens at {remote}");

    private sealed class MemoryStatistics : TransportStatistics
    {
        private long _refusedLinks;

        public override IEnumerable<KeyValuePair<string, long>> FailedLinks =>
            [new(nameof(LinkCloseReason.ConnectRefused), Volatile.Read(ref _refusedLinks))];

        public void AddReceived(int bytes) => Received(bytes);

        public void AddSent(int bytes) => Sent(1, bytes);

        public void AddBackPressure() => Refused();

        public void AddRefusedLink() => _refusedLinks++;
    }
}
