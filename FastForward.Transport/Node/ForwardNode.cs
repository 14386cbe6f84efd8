using System.Security.Cryptography;
using FastForward.Transport.Loop;
using FastForward.Transport.Node;
using FastForward.Transport.Registry;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;
using FastForward.Transport.Transports;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport;

/// <summary>
/// One node of the network in this process: sends messages to node ids and receives them, over whichever medium the
/// routes choose. Confined to the thread of its loop; several nodes may share a loop.
/// </summary>
public sealed class ForwardNode : IDisposable, IAsyncDisposable
{
    private static readonly TimeSpan s_pingTimeout = TimeSpan.FromSeconds(2);

    private readonly ForwardLoop _loop;
    private readonly ForwardNodeOptions _options;
    private readonly OverrideResolver _routes;
    private readonly TransportSet _transports;
    private readonly EventQueue _events;
    private readonly FramePump _pump;
    private readonly RoutedPeers _routedPeers;
    private readonly RouteAdmission _admission;
    private readonly LoopbackAssociation _local;
    private readonly LinkDispatcher _dispatcher;
    private readonly LoopShare _share;
    private readonly LoopTimer _drainTimer;
    private readonly Stack<HeldCredit> _releasedHolds = new();
    private readonly StreamNumbers _streamNumbers = new(TimeProvider.System.GetUtcNow());

    private volatile bool _started;
    private volatile bool _disposed;
    private TaskCompletionSource? _stopping;
    private TaskCompletionSource? _disposal;
    private long _drainUntil;

    /// <summary>Creates a node. It takes ownership of the transports.</summary>
    /// <param name="loop">The loop that drives the node.</param>
    /// <param name="options">Settings; the node id is the one without a default.</param>
    /// <param name="transports">The media to use, at most one of a kind.</param>
    /// <param name="routes">Where the other nodes are.</param>
    /// <param name="logger">Where peer events and refusals are reported.</param>
    /// <exception cref="ArgumentException">
    /// An option is out of range or a kind of medium is there twice; the message names it.
    /// </exception>
    public ForwardNode(
        ForwardLoop loop,
        ForwardNodeOptions options,
        IEnumerable<IForwardTransport> transports,
        OverrideResolver routes,
        ILogger<ForwardNode>? logger = null
    )
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(transports);
        ArgumentNullException.ThrowIfNull(routes);
        options.Validate();
        _loop = loop;
        _options = options;
        _routes = routes;
        ILogger log = logger ?? NullLogger<ForwardNode>.Instance;
        SessionOptions session = options.ToSessionOptions(NewIncarnation());
        MessageMemory memory = new();
        LocalStatistics = new PeerStatistics(options.Node, Statistics);
        _pump = new FramePump(loop);
        _transports = new TransportSet(loop, transports, log);
        _events = new EventQueue(loop, log);
        _admission = new RouteAdmission(options, routes, _transports);
        PeerConnectorFactory connectors = new(loop, _transports, _pump);
        Peers = new Peers(session, _events, Statistics, _admission, memory, Jitter, connectors);
        _routedPeers = new RoutedPeers(loop, options, routes, _transports, _pump, Peers, _admission);
        _local = new LoopbackAssociation(session, _events, LocalStatistics, memory);
        _dispatcher = new LinkDispatcher(loop, Peers, _events, Statistics, session);
        _share = new LoopShare(this);
        _drainTimer = loop.CreateTimer(static () => { }); // it only ends a sleep: Flush checks whether all is drained
    }

    /// <summary>The node's own id.</summary>
    public uint Id => _options.Node;

    /// <summary>Which of the given transports run, and why the others do not. Filled by <see cref="Start"/>.</summary>
    public IReadOnlyDictionary<TransportKind, TransportAvailability> Transports => _transports.Availability;

    /// <summary>The transports, where they listen, and why one does not run. Any thread may ask once the node has started.</summary>
    public IReadOnlyList<TransportStatus> GetTransports() => _transports.Status;

    /// <summary>Counters. Any thread may read them.</summary>
    public NodeStatistics Statistics { get; } = new();

    /// <summary>The counters of messages to the node's own id.</summary>
    internal PeerStatistics LocalStatistics { get; }

    /// <summary>Disposed of, by a stop or directly. Any thread may read it.</summary>
    internal bool HasEnded => _disposed;

    /// <summary>Started and not ended. Any thread may read it.</summary>
    internal bool IsRunning => _started && !_disposed;

    /// <summary>The transports that run, for readers on any thread.</summary>
    internal IReadOnlyList<IForwardTransport> RunningTransports => _transports.Running;

    internal LoopStatistics LoopStatistics => _loop.Statistics;

    internal int SendStoreBytes => _options.SendStoreBytes;

    /// <summary>The table of peers. For the loop thread.</summary>
    internal Peers Peers { get; }

    /// <summary>The figures of all peers. Any thread may call it.</summary>
    internal IEnumerable<PeerReading> ReadPeers()
    {
        foreach (Peer peer in _routedPeers.Published)
        {
            // The path is read once, so that its kind and its figures belong together.
            PathReading? path = peer.SendPath is { Measurement: { SmoothedRoundTrip: > 0 } measured } used
                ? new PathReading(used.Kind, measured.SmoothedRoundTrip, measured.Jitter)
                : null;
            yield return new PeerReading(peer.Statistics, peer.State, peer.Association.Sender.StoredBytes, path);
        }
    }

    /// <summary>
    /// Binds the transports that this machine has and begins to connect to every routed node. A transport that is not
    /// available is skipped, with the reason in <see cref="Transports"/>. Once in the life of a node.
    /// </summary>
    /// <param name="handler">Where messages and events go. No callback comes from inside this call.</param>
    /// <exception cref="TransportException">An end point cannot be had; nothing stays bound.</exception>
    /// <exception cref="InvalidOperationException">
    /// The node was started before, or another thread than the loop's called.
    /// </exception>
    public void Start(IForwardHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Verify();
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_started)
            throw new InvalidOperationException("The node was started before.");
        _started = true;
        _events.Start(handler);
        try
        {
            _transports.Start(_options.Node, _dispatcher);
        }
        catch
        {
            Dispose();
            throw;
        }

        _loop.Add((ILoopSource)_share);
        _loop.Add((ILoopFlush)_share);
        _routes.Changed += OnRoutesChanged;
        _routedPeers.Apply();
    }

    /// <summary>
    /// Opens a stream of messages to a node. Nothing travels before the first message; whether the node can be reached
    /// is the answer to that one.
    /// </summary>
    /// <param name="node">The receiver; the own id sends locally.</param>
    /// <param name="messageClass">The delivery guarantee, for the life of the stream.</param>
    /// <param name="service">The service at the receiver; service 0 when omitted.</param>
    /// <returns>A stream with an id of its own, which this process never uses again towards any node.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="service"/> is the direction of replies: they are sent by
    /// <see cref="OpenReply(in ReceivedMessage)"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public ForwardStream OpenStream(uint node, MessageClass messageClass, ServiceId service = default)
    {
        Verify();
        if (service.IsReply)
            throw new ArgumentException(
                $"Service {service} is the direction of replies: open it by OpenReply, with the stream it replies to.",
                nameof(service)
            );
        return new ForwardStream(this, node, NewStreamId(service), messageClass);
    }

    /// <summary>
    /// Opens the stream of replies to the stream of a message, of the same class. Each request stream has one stream of
    /// replies: a second call for it gives another object for the same stream.
    /// </summary>
    /// <param name="request">A message of the stream to reply to.</param>
    /// <exception cref="ArgumentException">The message is a reply itself.</exception>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public ForwardStream OpenReply(in ReceivedMessage request) =>
        OpenReply(request.Node, request.Stream, request.Class);

    /// <summary>Opens the stream of replies to an incoming stream, of any class.</summary>
    /// <param name="node">The node that sent the requests.</param>
    /// <param name="requestStream">Its stream (<see cref="ReceivedMessage.Stream"/>).</param>
    /// <param name="messageClass">The delivery guarantee of the replies.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    /// <exception cref="ArgumentException">The stream is one of replies itself.</exception>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public ForwardStream OpenReply(uint node, ulong requestStream, MessageClass messageClass)
    {
        Verify();
        if (ServiceId.OfStream(requestStream).IsReply)
            throw new ArgumentException(
                "The stream carries replies: send on the request stream that they answer.",
                nameof(requestStream)
            );
        return new ForwardStream(this, node, ServiceId.OppositeStream(requestStream), messageClass);
    }

    /// <summary>An id that no stream of this node had before. Thread-safe.</summary>
    internal ulong NewStreamId(ServiceId service) => _streamNumbers.Next(service);

    /// <summary>
    /// Sends a message on a stream by its id. The caller must not reuse the id of an ended stream towards the node.
    /// </summary>
    internal SendResult Send(
        uint node,
        ulong stream,
        MessageClass messageClass,
        ReadOnlySpan<byte> payload,
        SendOptions options = SendOptions.None
    )
    {
        Verify();
        if (messageClass is not (MessageClass.RealTime or MessageClass.Reliable))
            throw new ArgumentOutOfRangeException(
                nameof(messageClass),
                messageClass,
                "A stream is Reliable or RealTime."
            );
        if (_stopping is not null)
            return new SendResult(SendStatus.Stopping, 0);
        int limit =
            messageClass == MessageClass.RealTime ? WireFormat.MaxRealTimeMessage : WireFormat.MaxReliableMessage;
        if (payload.Length > limit)
            return new SendResult(SendStatus.TooLarge, 0);
        bool end = (options & SendOptions.End) != 0;
        return node == _options.Node
            ? _local.Send(_loop.NowMicros, stream, messageClass, payload, end)
            : Peers.Find(node)?.Send(_loop.NowMicros, stream, messageClass, payload, end)
                ?? new SendResult(SendStatus.UnknownNode, 0);
    }

    internal SendStatus EndStream(uint node, ulong stream)
    {
        Verify();
        if (_stopping is not null)
            return SendStatus.Stopping;
        return node == _options.Node
            ? _local.End(_loop.NowMicros, stream)
            : Peers.Find(node)?.EndStream(_loop.NowMicros, stream) ?? SendStatus.UnknownNode;
    }

    internal SendStatus ResetStream(uint node, ulong stream, uint code)
    {
        Verify();
        if (_stopping is not null)
            return SendStatus.Stopping;
        return node == _options.Node
            ? _local.Reset(_loop.NowMicros, stream, code)
            : Peers.Find(node)?.ResetStream(_loop.NowMicros, stream, code) ?? SendStatus.UnknownNode;
    }

    /// <summary>
    /// Takes no more of an incoming stream: what comes of it is dropped, and the sender is told with its next message,
    /// by <see cref="SendStatus.StreamEnded"/> and a report of what it had not delivered. The handler hears no more of
    /// it.
    /// </summary>
    /// <param name="node">The sender.</param>
    /// <param name="stream">The stream; it need not have begun.</param>
    /// <returns>False when no route leads to the node.</returns>
    public bool RefuseStream(uint node, ulong stream)
    {
        Verify();
        if (node == _options.Node)
            _local.Refuse(_loop.NowMicros, stream);
        else if (Peers.Find(node) is { } peer)
            peer.RefuseStream(_loop.NowMicros, stream);
        else
            return false;
        return true;
    }

    /// <summary>
    /// Keeps the credit of a message, for a handler that stores the message: without this the credit goes back to the
    /// sender when <see cref="IForwardHandler.OnMessage"/> returns, and nothing bounds what a slow consumer stores.
    /// Call it inside that callback, once per message, and dispose the result when the message has been consumed.
    /// </summary>
    /// <remarks>
    /// A stream whose credit is held may have 256 KiB under way, and all streams of a peer together
    /// <see cref="ForwardNodeOptions.ReceiveWindowBytes"/>; above that, until credit is released, sends are answered
    /// with <see cref="SendStatus.BackPressured"/>. Real-time messages use no credit: the result holds nothing.
    /// </remarks>
    /// <param name="message">The message, inside the callback that delivers it.</param>
    /// <returns>What releases the credit.</returns>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public CreditHold HoldCredit(in ReceivedMessage message)
    {
        Verify();
        if (message.Credit.Owner is null)
            return default;
        HoldCredit(message.Credit, message.Credit.Bytes);
        HeldCredit held = _releasedHolds.TryPop(out HeldCredit? free)
            ? free
            : new HeldCredit(this, _loop, _releasedHolds);
        return held.Hold(message.Credit);
    }

    /// <summary>Keeps a part of a message's credit.</summary>
    internal void HoldCredit(in MessageCredit credit, int bytes)
    {
        Verify();
        credit.Owner?.Hold(credit.Stream!, bytes);
    }

    /// <summary>
    /// Returns a part of held credit to the sender. Does nothing when the stream or the association has ended.
    /// </summary>
    /// <exception cref="InvalidOperationException">More is returned than the stream holds.</exception>
    internal void ReleaseCredit(in MessageCredit credit, int bytes)
    {
        Verify();
        if (credit.Owner is null)
            return;
        if (credit.Node != _options.Node && Peers.Find(credit.Node) is { } peer)
            peer.ReleaseCredit(_loop.NowMicros, credit, bytes);
        else
            credit.Owner.Release(_loop.NowMicros, credit.Stream!, bytes);
    }

    /// <summary>The association that a message came by is not over. True for no message at all.</summary>
    internal bool IsOfLivingAssociation(in MessageCredit credit) =>
        credit.Owner is null
        || credit.Node == _options.Node
        || ReferenceEquals(credit.Owner, Peers.Find(credit.Node)?.Association.Receiver);

    /// <summary>What is known of a peer now; null when no route leads to it.</summary>
    public PeerStatus? GetPeer(uint node)
    {
        Verify();
        return _routedPeers.StatusOf(node);
    }

    /// <summary>Evaluates the health of the node, on the loop thread.</summary>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public NodeHealth GetHealth()
    {
        Verify();
        return NodeHealth.Of(_started, isStopping: _stopping is not null, Transports, GetPeers());
    }

    /// <summary>
    /// Evaluates the health of the node. Thread-safe: the loop has to respond within <paramref name="limit"/>, so that
    /// a loop that has ended, or is blocked in a callback, is reported as unhealthy.
    /// </summary>
    /// <param name="limit">The longest time that the loop may take to respond; more than zero.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is not positive.</exception>
    /// <exception cref="OperationCanceledException">The check was cancelled.</exception>
    public async Task<NodeHealth> CheckHealthAsync(TimeSpan limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero);
        TaskCompletionSource<NodeHealth> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Post(() => answer.TrySetResult(GetHealth()));
        try
        {
            return await answer.Task.WaitAsync(limit, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return NodeHealth.LoopSilent(limit);
        }
    }

    /// <summary>What is known of all peers now.</summary>
    public IReadOnlyList<PeerStatus> GetPeers()
    {
        Verify();
        return [.. _routedPeers.Statuses];
    }

    /// <summary>The nodes that were heard although no route leads to them, at most 64, those heard last.</summary>
    public IReadOnlyList<UnconfiguredNode> GetUnconfiguredNodes()
    {
        Verify();
        return Peers.Unconfigured(_loop.NowMicros);
    }

    /// <summary>
    /// Measures the round trip to a node through the sessions of both ends, on every path that there is to it; no actor
    /// of the peer takes part. The own id answers by itself.
    /// </summary>
    /// <param name="node">The peer.</param>
    /// <param name="callback">
    /// Called on the loop thread from a later duty cycle, once for each path, when the probe is answered or given up.
    /// It may call the node.
    /// </param>
    /// <param name="timeout">How long to wait for an answer, 1 ms to 1 min. Default 2 s.</param>
    /// <param name="size">Bytes by which probe and answer are filled up, 0 to 1100.</param>
    /// <returns>How many probes leave, at most 256 may be under way to a peer; or why none does.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Time-out or size is out of range.</exception>
    /// <exception cref="InvalidOperationException">Another thread than the loop's called.</exception>
    public PingStart Ping(uint node, Action<PingResult> callback, TimeSpan? timeout = null, int size = 0)
    {
        Verify();
        ArgumentNullException.ThrowIfNull(callback);
        TimeSpan limit = timeout ?? s_pingTimeout;
        if (limit < TimeSpan.FromMilliseconds(1) || limit > TimeSpan.FromMinutes(1))
            throw new ArgumentOutOfRangeException(nameof(timeout), limit, "It is 1 ms to 1 min; 2 s is a good value.");
        if (size is < 0 or > WireFormat.MaxRealTimeMessage)
            throw new ArgumentOutOfRangeException(
                nameof(size),
                size,
                $"It is 0 to {WireFormat.MaxRealTimeMessage} bytes."
            );
        if (_stopping is not null)
            return new PingStart(PingStatus.Stopping, 0);
        if (node != _options.Node)
            return Peers.Find(node)?.Ping(_loop.NowMicros, (long)limit.TotalMicroseconds, size, callback)
                ?? new PingStart(PingStatus.UnknownNode, 0);
        _events.PingEnded(
            new PingResult(node, PingOutcome.Answered, null, true, TimeSpan.Zero, TimeSpan.Zero),
            callback
        );
        return new PingStart(PingStatus.Started, 1);
    }

    /// <summary>
    /// Stops in order: nothing new is taken, reliable messages are drained within
    /// <see cref="ForwardNodeOptions.DrainLimit"/>, peers are told, transports closed. Call it on the loop thread; the
    /// loop must go on running until the task ends.
    /// </summary>
    public Task StopAsync()
    {
        Verify();
        if (_disposed)
            return Task.CompletedTask;
        if (_stopping is not null)
            return _stopping.Task;
        BeginStop();
        _drainUntil = _loop.NowMicros + (long)_options.DrainLimit.TotalMicroseconds;
        _transports.StopAccepting();
        if (_started)
            _drainTimer.SetAt(_drainUntil);
        else
            Dispose();
        return _stopping!.Task;
    }

    /// <summary>
    /// Stops at once: peers are told as far as their media take it without waiting; what is not acknowledged is
    /// reported to the handler before the call returns. Not from inside a callback: use <see cref="StopAsync"/> there.
    /// </summary>
    /// <exception cref="InvalidOperationException">The handler is being called: its calls do not recurse.</exception>
    public void Dispose()
    {
        if (_disposed)
            return;
        Verify();
        if (_events.IsCalling)
            throw new InvalidOperationException(
                "Dispose was called from inside a callback of the node, which would have to call the handler again: "
                    + "use StopAsync there."
            );
        _disposed = true;
        if (_stopping is null)
            BeginStop();
        _routes.Changed -= OnRoutesChanged;
        _routedPeers.Close();
        _drainTimer.Cancel();
        _loop.Remove((ILoopSource)_share);
        _loop.Remove((ILoopFlush)_share);
        _transports.Flush();
        _transports.Dispose();
        while (_local.HasOutput)
            _local.Exchange(_loop.NowMicros);
        _events.Dispatch(int.MaxValue);
        _events.Close();
        _stopping!.TrySetResult();
    }

    /// <summary>
    /// Stops the node as <see cref="StopAsync"/> does and disposes it, at the latest after
    /// <see cref="ForwardNodeOptions.DrainLimit"/>. Thread-safe and idempotent: every call returns the end of the same
    /// stop.
    /// </summary>
    /// <remarks>
    /// Where nothing runs the loop any more, or on the thread that drives it by hand, nobody could complete the stop:
    /// the node is disposed at once, as by <see cref="Dispose"/>. The loop thread must not block on the task.
    /// </remarks>
    public ValueTask DisposeAsync()
    {
        TaskCompletionSource disposal = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _disposal, disposal, null) is { } earlier)
            return new ValueTask(earlier.Task);
        _ = EndAsync(disposal);
        return new ValueTask(disposal.Task);
    }

    private static ulong NewIncarnation()
    {
        Span<byte> random = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(random);
        return BitConverter.ToUInt64(random) | 1; // never 0, which stands for "unknown"
    }

    private static long Jitter(long limit) => limit <= 0 ? 0 : Random.Shared.NextInt64(limit);

    private void Verify() => _loop.VerifyAccess();

    private async Task EndAsync(TaskCompletionSource disposal)
    {
        try
        {
            if (!_loop.IsOnLoopThread)
            {
                Task stop = PostStop();
                // A loop that ends meanwhile does not run what was posted. One that is driven by hand has no such task.
                Task first = _loop.Completion.IsCompleted
                    ? stop
                    : await Task.WhenAny(stop, _loop.Completion).ConfigureAwait(false);
                if (ReferenceEquals(first, stop))
                    await stop.ConfigureAwait(false);
            }
            else if (_loop.IsActive)
            {
                await StopAsync().ConfigureAwait(false); // inside a callback: the loop goes on
            }

            if (!_disposed && _loop.IsOnLoopThread)
                Dispose(); // nothing drives the loop
            disposal.TrySetResult();
        }
#pragma warning disable CA1031 // Reaches whoever awaits the disposal.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            disposal.TrySetException(exception);
        }
    }

    private Task PostStop()
    {
        TaskCompletionSource<Task> stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Post(() =>
        {
            try
            {
                stop.TrySetResult(StopAsync());
            }
#pragma warning disable CA1031 // Reaches whoever awaits the disposal.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                stop.TrySetException(exception);
            }
        });
        return stop.Task.Unwrap();
    }

    private void BeginStop()
    {
        _stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _admission.IsClosed = true;
        _events.IsStopping = true;
    }

    // Sources may change on any thread.
    private void OnRoutesChanged() =>
        _loop.Post(() =>
        {
            if (!_disposed && _stopping is null)
                _routedPeers.Apply();
        });

    /// <summary>The node's part in each duty cycle.</summary>
    private sealed class LoopShare(ForwardNode node) : ILoopSource, ILoopFlush
    {
        public int Descriptor => -1;

        public int Poll(int budget)
        {
            if (node._loop.StalledMicros > 0)
            {
                foreach (Peer peer in node.Peers.All)
                    peer.OnStall(node._loop.StalledMicros);
            }

            return node._events.Dispatch(budget) + node._local.Exchange(node._loop.NowMicros);
        }

        public bool Arm() => !node._events.IsEmpty || node._local.HasOutput || node._pump.HasWork;

        public void Disarm() { }

        public void Flush()
        {
            node._pump.Pump();
            node._transports.Flush();
            node._pump.CloseEndedLinks();
            if (node._stopping is null)
                return;
            if (node._loop.NowMicros >= node._drainUntil || (node._routedPeers.AreDrained() && !node._local.HasOutput))
                node.Dispose();
        }
    }
}
