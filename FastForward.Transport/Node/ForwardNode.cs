using System.Security.Cryptography;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport;

/// <summary>
/// One node of the network in this process: sends messages to node ids and receives them, over whichever medium the
/// routes choose. Confined to the thread of its loop; several nodes may share a loop.
/// </summary>
public sealed partial class ForwardNode : IDisposable, ILoopSource, ILoopFlush, IAdmission
{
    private readonly ForwardLoop _loop;
    private readonly ForwardNodeOptions _options;
    private readonly SessionOptions _session;
    private readonly OverrideResolver _routes;
    private readonly ILogger _logger;
    private readonly EventQueue _events;
    private readonly Peers _peers;
    private readonly LocalDelivery _local;
    private readonly LinkDispatcher _dispatcher;
    private readonly Dictionary<TransportKind, IForwardTransport> _running = [];
    private readonly Dictionary<TransportKind, TransportAvailability> _availability = [];
    private readonly Dictionary<uint, PeerConnector> _connectors = [];
    private readonly List<PeerConnector> _dirty = [];
    private readonly List<IForwardLink> _endedLinks = [];
    private readonly List<IForwardTransport> _transports;
    private readonly LoopTimer _drainTimer;

    private bool _started;
    private bool _disposed;
    private TaskCompletionSource? _stopping;
    private long _drainUntil;

    /// <summary>Creates a node. It takes ownership of the transports.</summary>
    /// <param name="loop">The loop that drives the node.</param>
    /// <param name="options">Settings; the node id is the one without a default.</param>
    /// <param name="transports">The media to use, at most one of a kind.</param>
    /// <param name="routes">Where the other nodes are.</param>
    /// <param name="handler">Where events go.</param>
    /// <param name="logger">Where peer events and refusals are reported.</param>
    /// <exception cref="ArgumentException">An option is out of range or a kind of medium is there twice; the message names it.</exception>
    public ForwardNode(
        ForwardLoop loop,
        ForwardNodeOptions options,
        IEnumerable<IForwardTransport> transports,
        OverrideResolver routes,
        IForwardHandler handler,
        ILogger<ForwardNode>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(transports);
        ArgumentNullException.ThrowIfNull(routes);
        ArgumentNullException.ThrowIfNull(handler);
        options.Validate();
        _loop = loop;
        _options = options;
        _routes = routes;
        _logger = logger ?? NullLogger<ForwardNode>.Instance;
        _transports = [.. transports];
        if (_transports.DistinctBy(static transport => transport.Kind).Count() != _transports.Count)
            throw new ArgumentException("At most one transport of each kind is possible.", nameof(transports));

        _session = SessionOptions.From(options, NewIncarnation());
        _events = new EventQueue(handler, loop, _logger) { OnPending = MarkDirty, OnPathFinished = OnPathFinished };
        MessagePool pool = new();
        _peers = new Peers(_session, _events, Statistics, this, pool, static limit => limit <= 0 ? 0 : Random.Shared.NextInt64(limit));
        _local = new LocalDelivery(options.Node, _session, _events, Statistics, pool);
        _dispatcher = new LinkDispatcher(loop, _peers, _events, Statistics, _session);
        _drainTimer = loop.CreateTimer(static () => { }); // it only ends a sleep: the flush looks whether all is drained
    }

    /// <summary>The node's own id.</summary>
    public uint Id => _options.Node;

    /// <summary>Which of the given transports run, and why the others do not. Filled by <see cref="Start"/>.</summary>
    public IReadOnlyDictionary<TransportKind, TransportAvailability> Transports => _availability;

    /// <summary>Counters. Any thread may read them.</summary>
    public NodeStatistics Statistics { get; } = new();

    /// <inheritdoc/>
    int ILoopSource.Descriptor => -1;

    /// <summary>
    /// Binds the transports that this machine can do and begins to connect to every routed node. A transport that is not
    /// available is skipped, with the reason in <see cref="Transports"/>.
    /// </summary>
    /// <exception cref="TransportException">An end point cannot be had; nothing stays bound.</exception>
    public void Start()
    {
        Verify();
        if (_started) throw new InvalidOperationException("The node was started before.");
        _started = true;
        try
        {
            foreach (IForwardTransport transport in _transports) StartTransport(transport);
        }
        catch
        {
            Dispose();
            throw;
        }

        _loop.Add((ILoopSource)this);
        _loop.Add((ILoopFlush)this);
        _routes.Changed += OnRoutesChanged;
        ApplyRoutes();
    }

    /// <summary>
    /// Sends a message. The payload is copied; the call never waits. The first message opens the stream and fixes its
    /// class. A send to the node's own id is delivered locally, from a later duty cycle.
    /// </summary>
    /// <param name="node">The receiver.</param>
    /// <param name="stream">A number the sender chose, never used before towards this node by this process.</param>
    /// <param name="messageClass">What the stream promises.</param>
    /// <param name="payload">The content; may be empty.</param>
    /// <param name="options">Extras.</param>
    /// <returns>Whether the message was taken, and its sequence.</returns>
    /// <exception cref="InvalidOperationException">Another thread than the loop's called.</exception>
    public SendResult Send(uint node, ulong stream, MessageClass messageClass, ReadOnlySpan<byte> payload, SendOptions options = SendOptions.None)
    {
        Verify();
        if (_stopping is not null) return new SendResult(SendStatus.Stopping, 0);
        int limit = messageClass == MessageClass.RealTime ? WireFormat.MaxRealTimeMessage : WireFormat.MaxReliableMessage;
        if (payload.Length > limit) return new SendResult(SendStatus.TooLarge, 0);
        bool end = (options & SendOptions.End) != 0;
        SendResult result = node == _options.Node
            ? _local.Send(stream, messageClass, payload, end)
            : _connectors.TryGetValue(node, out PeerConnector? connector)
                ? connector.Peer.Send(_loop.Now, stream, messageClass, payload, end)
                : new SendResult(SendStatus.UnknownNode, 0);
        if (result.IsAccepted) Statistics.MessagesSent++;
        return result;
    }

    /// <summary>Ends a stream after the messages sent so far. Its number is used up.</summary>
    /// <returns><see cref="SendStatus.Accepted"/>, or why there is nothing to end.</returns>
    public SendStatus EndStream(uint node, ulong stream)
    {
        Verify();
        if (_stopping is not null) return SendStatus.Stopping;
        if (node == _options.Node) return _local.End(stream);
        return _connectors.TryGetValue(node, out PeerConnector? connector) ? connector.Peer.EndStream(_loop.Now, stream) : SendStatus.UnknownNode;
    }

    /// <summary>Gives a stream up: what is not acknowledged is reported as undelivered, and the receiver gets the code.</summary>
    /// <returns><see cref="SendStatus.Accepted"/>, or why there is nothing to reset.</returns>
    public SendStatus ResetStream(uint node, ulong stream, uint code)
    {
        Verify();
        if (_stopping is not null) return SendStatus.Stopping;
        if (node == _options.Node) return _local.Reset(stream, code);
        return _connectors.TryGetValue(node, out PeerConnector? connector) ? connector.Peer.ResetStream(_loop.Now, stream, code) : SendStatus.UnknownNode;
    }

    /// <summary>What is known of a peer now; null when no route leads to it.</summary>
    public PeerStatus? GetPeer(uint node)
    {
        Verify();
        return _connectors.TryGetValue(node, out PeerConnector? connector) ? Snapshot(connector.Peer) : null;
    }

    /// <summary>What is known of all peers now.</summary>
    public IReadOnlyList<PeerStatus> GetPeers()
    {
        Verify();
        return [.. _connectors.Values.Select(static connector => Snapshot(connector.Peer))];
    }

    /// <summary>
    /// Stops in order: nothing new is taken, reliable messages are drained within
    /// <see cref="ForwardNodeOptions.DrainLimit"/>, peers are told, transports closed. Call it on the loop thread; the
    /// loop must go on running until the task ends.
    /// </summary>
    public Task StopAsync()
    {
        Verify();
        if (_disposed) return Task.CompletedTask;
        if (_stopping is not null) return _stopping.Task;
        _stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _drainUntil = _loop.Now + (long)_options.DrainLimit.TotalMicroseconds;
        foreach (IForwardTransport transport in _running.Values) transport.StopAccepting();
        if (_started) _drainTimer.Set(_drainUntil);
        else Dispose();
        return _stopping.Task;
    }

    /// <summary>
    /// Stops at once: peers are told as far as their media take it without waiting; what is not acknowledged is reported
    /// to the handler before the call returns. Not from inside a callback: use <see cref="StopAsync"/> there.
    /// </summary>
    public void Dispose()
    {
        if (_disposed) return;
        Verify();
        _disposed = true;
        _stopping ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _routes.Changed -= OnRoutesChanged;
        foreach (PeerConnector connector in _connectors.Values)
        {
            connector.Stop();
            connector.Peer.Close(_loop.Now, CloseReason.Stopping, "this node stops", UndeliveredReason.Stopped);
        }

        FlushPeers();
        _drainTimer.Cancel();
        _loop.Remove((ILoopSource)this);
        _loop.Remove((ILoopFlush)this);
        foreach (IForwardTransport transport in _running.Values)
        {
            transport.Flush();
            _loop.Remove(transport);
        }

        foreach (IForwardTransport transport in _transports) transport.Dispose();
        _local.Deliver(int.MaxValue);
        _events.Dispatch(int.MaxValue);
        _stopping.TrySetResult();
    }

    /// <inheritdoc/>
    int ILoopSource.Poll(int budget)
    {
        if (_loop.StalledMicros > 0)
        {
            foreach (Peer peer in _peers.All) peer.OnStall(_loop.StalledMicros);
        }

        return _events.Dispatch(budget) + _local.Deliver(budget);
    }

    /// <inheritdoc/>
    bool ILoopSource.Arm() => !_events.IsEmpty || !_local.IsEmpty || _dirty.Count > 0;

    /// <inheritdoc/>
    void ILoopSource.Disarm()
    {
    }

    /// <inheritdoc/>
    void ILoopFlush.Flush()
    {
        FlushPeers();
        foreach (IForwardTransport transport in _transports)
        {
            if (_running.ContainsKey(transport.Kind)) transport.Flush();
        }

        if (_endedLinks.Count > 0) CloseEndedLinks();
        if (_stopping is not null && (_loop.Now >= _drainUntil || IsDrained())) Dispose();
    }

    /// <inheritdoc/>
    bool IAdmission.IsConfigured(uint node, out uint keyId)
    {
        bool known = _connectors.ContainsKey(node) && _stopping is null;
        keyId = known ? _routes.Find(node)?.KeyId ?? 0 : 0;
        return known;
    }

    /// <inheritdoc/>
    bool IAdmission.AllowsUnkeyed(TransportKind kind) => kind is TransportKind.Socket or TransportKind.VSocket || _options.AllowUnkeyedIp;

    private static PeerStatus Snapshot(Peer peer) => new(
        peer.Node,
        peer.State,
        peer.SendPath?.Kind,
        peer.SendPath?.Measurement.SmoothedRoundTrip ?? 0,
        peer.SendPath?.Measurement.Jitter ?? 0,
        peer.Association.Sender.StoredBytes,
        peer.KnownIncarnation);

    private static ulong NewIncarnation()
    {
        Span<byte> random = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(random);
        return BitConverter.ToUInt64(random) | 1; // never 0, which stands for "unknown"
    }

    private void Verify() => _loop.VerifyAccess();

    private void StartTransport(IForwardTransport transport)
    {
        TransportAvailability availability = transport.CheckAvailability();
        _availability[transport.Kind] = availability;
        if (!availability.IsAvailable)
        {
            LogUnavailable(_logger, transport.Kind, availability.Reason!);
            return;
        }

        transport.Start(_loop, _dispatcher);
        _loop.Add(transport);
        _running.Add(transport.Kind, transport);
        foreach (System.Net.EndPoint endPoint in transport.LocalEndPoints) LogListening(_logger, _options.Node, transport.Kind, endPoint);
    }

    // Sources may change on any thread.
    private void OnRoutesChanged() => _loop.Post(ApplyRoutes);

    private void ApplyRoutes()
    {
        if (_disposed || _stopping is not null) return;
        foreach (uint node in _routes.Nodes)
        {
            // A row about oneself is for the others.
            if (node == _options.Node || _routes.Find(node) is not { } routes) continue;
            if (!_connectors.TryGetValue(node, out PeerConnector? connector))
            {
                connector = new PeerConnector(_peers.GetOrAdd(node), _loop, kind => _running.GetValueOrDefault(kind), _events);
                _connectors.Add(node, connector);
            }

            Explain(node, routes);
            connector.SetRoute(routes.KeyId == 0 && _running.ContainsKey(routes.Preferred.Row.Transport) ? routes.Preferred : null);
        }

        foreach (uint node in _connectors.Keys.Where(node => _routes.Find(node) is null).ToArray())
        {
            PeerConnector connector = _connectors[node];
            connector.Stop();
            connector.Peer.Close(_loop.Now, CloseReason.RouteChanged, "its routes were removed", UndeliveredReason.PeerLost);
            FlushPeer(connector);
            _connectors.Remove(node);
            _peers.Remove(node);
        }
    }

    // A route that cannot be used is no silent matter.
    private void Explain(uint node, NodeRoutes routes)
    {
        TransportKind kind = routes.Preferred.Row.Transport;
        if (routes.KeyId != 0)
            _events.PeerChanged(new PeerEvent(node, PeerEventKind.Refused, kind, $"its route demands key {routes.KeyId}, and keys are not supported yet"));
        else if (!_running.ContainsKey(kind))
            _events.PeerChanged(new PeerEvent(node, PeerEventKind.Refused, kind, $"its route needs a transport that does not run here: {ReasonAgainst(kind)}"));
    }

    private string ReasonAgainst(TransportKind kind) =>
        _availability.TryGetValue(kind, out TransportAvailability availability) ? availability.Reason! : "it was not given to the node";

    private void MarkDirty(Peer peer)
    {
        if (peer.Owner is not PeerConnector { IsDirty: false } connector) return;
        connector.IsDirty = true;
        _dirty.Add(connector);
    }

    private void FlushPeers()
    {
        // What a flush itself makes dirty again has its turn in the next cycle.
        int count = _dirty.Count;
        for (int i = 0; i < count; i++)
        {
            PeerConnector connector = _dirty[i];
            connector.IsDirty = false;
            FlushPeer(connector);
            connector.Reschedule();
        }

        _dirty.RemoveRange(0, count);
    }

    private void FlushPeer(PeerConnector connector)
    {
        IReadOnlyList<Session.Path> paths = connector.Peer.Paths;
        for (int i = paths.Count - 1; i >= 0; i--)
        {
            if (i < paths.Count) FlushPath(paths[i]);
        }
    }

    private void FlushPath(Session.Path path)
    {
        IForwardLink link = (IForwardLink)path.Link!;
        while (path.HasOutput(_loop.Now))
        {
            if (link.TryClaim(link.Traits.MaxFrameSize, out Span<byte> frame) != ClaimResult.Claimed)
            {
                // A farewell does not wait.
                if (path.Phase == PathPhase.Closing) path.Finish(_loop.Now, "closed");
                return;
            }

            int length = path.WriteFrame(_loop.Now, frame, out bool realTime);
            if (length == 0)
            {
                link.Abort();
                return;
            }

            link.Commit(length, realTime);
            Statistics.FramesSent++;
        }
    }

    // Not closed on the spot: the path's last frame may still be in an open claim.
    private void OnPathFinished(Session.Path path)
    {
        if (path.Link is IForwardLink link) _endedLinks.Add(link);
        (path.Peer.Owner as PeerConnector)?.OnPathFinished(path);
    }

    private void CloseEndedLinks()
    {
        foreach (IForwardLink link in _endedLinks)
        {
            link.Owner = null;
            link.Close();
        }

        _endedLinks.Clear();
    }

    private bool IsDrained()
    {
        foreach (PeerConnector connector in _connectors.Values)
        {
            // A peer that is not there cannot acknowledge: waiting for it would only delay the end.
            if (connector.Peer.SendPath is not null && connector.Peer.Association.Sender.StoredBytes > 0) return false;
        }

        return _local.IsEmpty;
    }

    [LoggerMessage(EventId = 1101, Level = LogLevel.Information, Message = "Node {Node} listens on {Transport} {EndPoint}")]
    private static partial void LogListening(ILogger logger, uint node, TransportKind transport, System.Net.EndPoint endPoint);

    [LoggerMessage(EventId = 1102, Level = LogLevel.Warning, Message = "Transport {Transport} is not available: {Reason}")]
    private static partial void LogUnavailable(ILogger logger, TransportKind transport, string reason);
}
