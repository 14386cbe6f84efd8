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
/// posts.
/// </remarks>
internal sealed class MemoryTransport(int port) : IForwardTransport
{
    /// <summary>The host of all end points: a loopback address, towards which a route needs no key.</summary>
    public const string Host = "127.0.0.1";

    private static readonly ConcurrentDictionary<EndPoint, MemoryTransport> s_listeners = new();

    private readonly RdmaEndPoint _local = new(Host, port);
    private readonly ConcurrentQueue<Arrival> _inbox = new();
    private readonly HashSet<MemoryLink> _links = [];
    private readonly MemoryStatistics _statistics = new();
    private ForwardLoop? _loop;
    private ILinkSink? _sink;
    private volatile bool _isDisposed;
    private bool _isPolling;

    public TransportKind Kind => TransportKind.Rdma;

    public TransportStatistics Statistics => _statistics;

    public IReadOnlyList<EndPoint> LocalEndPoints => _loop is null ? [] : [_local];

    public int Descriptor => -1;

    public TransportAvailability CheckAvailability() => TransportAvailability.Available;

    public void Start(ForwardLoop loop, ILinkSink sink)
    {
        _loop = loop;
        _sink = sink;
        if (!s_listeners.TryAdd(_local, this))
            throw new TransportException($"{_local} is in use by another node of this process: choose another port.");
    }

    public IForwardLink Connect(EndPoint remote)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (remote is not RdmaEndPoint)
            throw new ArgumentException($"{remote} is not an {nameof(RdmaEndPoint)}.", nameof(remote));
        MemoryLink link = new(this, remote, isInbound: false);
        _links.Add(link);
        if (s_listeners.TryGetValue(remote, out MemoryTransport? listener))
            listener.Put(new Arrival(ArrivalKind.Connect, null, link));
        else
            link.CloseWith(new LinkClosure(LinkCloseReason.ConnectRefused));
        return link;
    }

    // With connections, there are no frames of strangers.
    public IForwardLink Adopt(in StrangerSource source) => throw new NotSupportedException();

    public bool TryAnswer(in StrangerSource source, ReadOnlySpan<byte> frame) => throw new NotSupportedException();

    public int Poll(int budget)
    {
        int done = 0;
        bool hasFrames = false;
        _isPolling = true;
        while (done < budget && !_isDisposed && _inbox.TryDequeue(out Arrival arrival))
        {
            done++;
            hasFrames |= arrival.Kind == ArrivalKind.Frame;
            Take(arrival);
        }

        if (hasFrames)
            _sink!.BatchEnd(this);
        _isPolling = false;
        if (_isDisposed)
            CloseAll(); // disposed by a callback
        return done;
    }

    public bool Arm() => !_inbox.IsEmpty;

    public void Disarm() { }

    public void Flush() { } // a committed frame is at the other side already

    public void StopAccepting() => s_listeners.TryRemove(new KeyValuePair<EndPoint, MemoryTransport>(_local, this));

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
    public void Put(in Arrival arrival)
    {
        _inbox.Enqueue(arrival);
        _loop!.Post(static () => { }); // wakes up the loop
    }

    public void Count(ClaimResult result)
    {
        if (result == ClaimResult.BackPressured)
            _statistics.AddRefused();
    }

    public void CountSent(int bytes) => _statistics.AddSent(bytes);

    private void Take(in Arrival arrival)
    {
        switch (arrival)
        {
            case { Kind: ArrivalKind.Connect, Other: { } other }:
                MemoryLink accepted = new(this, _local, isInbound: true);
                _links.Add(accepted);
                accepted.Open(other);
                other.Owned.Put(new Arrival(ArrivalKind.Opened, other, accepted));
                _sink!.Opened(accepted);
                break;
            case { Kind: ArrivalKind.Opened, Link: { } link, Other: { } other }:
                if (link.Open(other))
                    _sink!.Opened(link);
                else
                    other.Owned.Put(Arrival.Closed(other, new LinkClosure(LinkCloseReason.PeerClosed)));
                break;
            case { Kind: ArrivalKind.Frame, Link: { } link, Buffer: { } buffer }:
                if (link.IsOpen)
                {
                    _statistics.AddReceived(arrival.Length);
                    _sink!.Frame(link, buffer.AsSpan(0, arrival.Length));
                }

                ArrayPool<byte>.Shared.Return(buffer);
                arrival.Other!.Delivered();
                break;
            case { Kind: ArrivalKind.Writable, Link: { } link }:
                if (link.IsOpen)
                    _sink!.Writable(link);
                break;
            case { Kind: ArrivalKind.Closed, Link: { } link }:
                link.CloseWith(arrival.Closure);
                if (_links.Remove(link))
                    _sink!.Closed(link, link.Closure);
                break;
        }
    }

    private void CloseAll()
    {
        foreach (MemoryLink link in _links)
        {
            link.CloseWith(new LinkClosure(LinkCloseReason.TransportStopped));
            _sink!.Closed(link, link.Closure);
        }

        _links.Clear();
    }

    private sealed class MemoryStatistics : TransportStatistics
    {
        public void AddReceived(int bytes) => Received(bytes);

        public void AddSent(int bytes) => Sent(1, bytes);

        public void AddRefused() => Refused();
    }
}
