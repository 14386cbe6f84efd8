using System.Collections.Concurrent;
using FastForward.Transport.Actors;
using FastForward.Transport.Async;
using FastForward.Transport.Async.Requests;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport;

/// <summary>
/// A node for ordinary .NET code on any thread: <c>await</c>, requests with replies, <c>await foreach</c> and pipes,
/// over a <see cref="ForwardLoop"/> that runs on a thread of its own.
/// </summary>
/// <remarks>
/// <para><b>Cost.</b> Each message changes threads once: a post to the loop, and a wake-up of the code that waits. That
/// is some microseconds, where a handler on the loop thread takes a few hundred nanoseconds, and received messages are
/// copied once more. Nothing is allocated per message; a request allocates. Where latency matters most, implement
/// <see cref="IForwardHandler"/> or <see cref="IActor"/>.</para>
/// <para><b>Use.</b> It is the handler of a node: give it to <see cref="ForwardHostOptions.Handler"/>, or add it with
/// <c>AddHandler&lt;ForwardClient&gt;()</c>; both attach it and end it with the node. Or it is an actor beside others,
/// added with the services it uses: the service itself where it serves, <see cref="ServiceId.Reply"/> where it connects
/// or sends requests. Call <see cref="Receive"/>, <see cref="Listen"/> and <see cref="Respond"/> before the start, so
/// that no message comes earlier. A program that drives node and loop itself calls <see cref="Attach"/>, and
/// <see cref="DisposeAsync"/> between the stop of the node and that of the loop.</para>
/// <para><b>Services.</b> A message finds its receiver by the <see cref="ServiceId"/> of its stream. Reliable messages
/// of services without a receiver wait for <see cref="ForwardClientOptions.UnclaimedLimit"/>, up to 256 of them; then
/// they are refused, and their sender reports them as undelivered. Real-time ones are dropped. Both are counted by
/// <see cref="UnclaimedMessages"/>.</para>
/// <para>Thread-safe, unless a member says otherwise. Code that awaits never continues on the loop thread.</para>
/// </remarks>
public sealed partial class ForwardClient : IAsyncDisposable, IDisposable
{
    private readonly ForwardClientOptions _options;
    private readonly ILogger? _logger;
    private readonly PendingSends _sends;
    private readonly MessageSlots _slots;
    private readonly ConcurrentDictionary<ServiceId, object> _services = new(); // receiver, listener or responder
    private readonly ConcurrentDictionary<ServiceId, bool> _left = new(); // services whose owner has ended
    private readonly EarlyMessages _early;
    private readonly Action _run;
    private ForwardLoop? _loop;
    private volatile ForwardNode? _node; // set last: a thread that sees it sees the loop as well
    private long _unclaimed;
    private int _scheduled;
    private volatile bool _isClosed;

    /// <summary>Creates a client.</summary>
    /// <param name="options">Settings; defaults when null.</param>
    /// <param name="logger">Where failures of request handlers are reported; that of the node when null.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names every such option.</exception>
    public ForwardClient(ForwardClientOptions? options = null, ILogger<ForwardClient>? logger = null)
    {
        _options = options ?? new ForwardClientOptions();
        _options.Validate();
        _logger = logger;
        _run = Run;
        _sends = new PendingSends(_options.MaxPendingSends, Schedule);
        _slots = new MessageSlots(Schedule);
        _early = new EarlyMessages(_slots, _options.UnclaimedLimit);
        _requests = new RequestTable(_options.MaxRequestsPerNode);
    }

    /// <summary>
    /// Accepted messages were not delivered, or may not have been. Raised on the loop thread: handlers must not block.
    /// </summary>
    public event Action<Undelivered>? Undelivered;

    /// <summary>The state of a peer changed. Raised on the loop thread: handlers must not block.</summary>
    public event Action<PeerEvent>? PeerChanged;

    /// <summary>
    /// An incoming stream ended that is not part of a pipe, request or reply. Raised on the loop thread, while messages
    /// of the stream may still wait to be read: handlers must not block.
    /// </summary>
    public event Action<StreamEnd>? StreamEnded;

    /// <summary>Messages, openings of pipes and requests to services without a receiver.</summary>
    public long UnclaimedMessages => Volatile.Read(ref _unclaimed) + _early.Refused;

    /// <summary>Pending sends: those that wait for room, and those of pipes, requests and replies included.</summary>
    public int PendingSends => _sends.Count;

    internal ForwardNode Node => _node ?? throw NotAttached();

    /// <summary>Messages that are being read or wait to be read. For tests, on the loop thread.</summary>
    internal int OutstandingMessages => _slots.Outstanding;

    /// <summary>
    /// Connects the client to its node, once and before the node is started. Only for programs that drive node and loop
    /// themselves; a <see cref="ForwardHost"/>, a container and an <see cref="ActorSystem"/> do it.
    /// </summary>
    /// <param name="node">The node whose handler this client is.</param>
    /// <param name="loop">The node's loop.</param>
    /// <exception cref="InvalidOperationException">It has a node already.</exception>
    public void Attach(ForwardNode node, ForwardLoop loop)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(loop);
        if (_node is not null)
            throw new InvalidOperationException("The client has a node already, and can have only one.");
        _loop = loop;
        _node = node;
    }

    /// <summary>
    /// Opens a stream of messages to a node, for
    /// <see cref="SendAsync(ForwardStream, ReadOnlyMemory{byte}, SendOptions, CancellationToken)"/>.
    /// </summary>
    /// <param name="node">The receiver; the own id sends locally.</param>
    /// <param name="messageClass">The delivery guarantee.</param>
    /// <param name="service">The service at the receiver; service 0 when omitted.</param>
    /// <exception cref="ArgumentException"><paramref name="service"/> is the direction of replies.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    /// <exception cref="InvalidOperationException">The client has no node yet.</exception>
    public ForwardStream OpenStream(uint node, MessageClass messageClass, ServiceId service = default)
    {
        VerifyRequestService(service);
        return new ForwardStream(Node, node, Node.NewStreamId(service), messageClass);
    }

    /// <summary>Opens the stream of replies to the stream of a message, of the same class.</summary>
    /// <param name="request">A message of the stream to reply to.</param>
    /// <exception cref="ArgumentException">The message is a reply itself.</exception>
    /// <exception cref="ObjectDisposedException">The message is no longer valid.</exception>
    public ForwardStream OpenReply(ForwardMessage request)
    {
        VerifyRequestService(request.Service);
        return new ForwardStream(Node, request.Node, ServiceId.OppositeStream(request.Stream), request.Class);
    }

    /// <summary>
    /// Sends a message. The task completes when the node has accepted it, or with the reason why not. While the stream
    /// is back-pressured, it waits. Sends on one stream are accepted in the order of the calls.
    /// </summary>
    /// <param name="stream">A stream of <see cref="OpenStream"/> or <see cref="OpenReply"/>.</param>
    /// <param name="payload">The content. It is read until the task completes: leave it unchanged.</param>
    /// <param name="options">Extras.</param>
    /// <param name="cancellationToken">
    /// Cancels the send: the message was not sent then, and its memory is free. After the node has accepted the message
    /// a cancellation has no effect, and the result says so.
    /// </param>
    /// <returns>
    /// As of <see cref="ForwardStream.Send"/>. <see cref="SendStatus.BackPressured"/> means that
    /// <see cref="ForwardClientOptions.MaxPendingSends"/> sends are pending. A send that waited while the peer was lost
    /// is accepted for the next association. Await the task once.
    /// </returns>
    /// <exception cref="OperationCanceledException">It was cancelled, and the message was not sent.</exception>
    public ValueTask<SendResult> SendAsync(
        ForwardStream stream,
        ReadOnlyMemory<byte> payload,
        SendOptions options = SendOptions.None,
        CancellationToken cancellationToken = default
    )
    {
        VerifyStream(stream);
        return _sends.Begin(
            stream.Node,
            stream.Id,
            stream.Class,
            payload,
            options,
            isEndOnly: false,
            scope: null,
            stream.BudgetMicros,
            cancellationToken
        );
    }

    /// <summary>Ends a stream after the messages sent so far, those that wait included.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">Cancels it while sends before it wait.</param>
    /// <returns>As of <see cref="ForwardStream.End"/>; the sequence means nothing.</returns>
    public ValueTask<SendResult> EndStreamAsync(ForwardStream stream, CancellationToken cancellationToken = default)
    {
        VerifyStream(stream);
        return EndStreamAsync(stream.Node, stream.Id, cancellationToken);
    }

    /// <summary>
    /// Aborts a stream (<see cref="ForwardStream.Reset"/>) in one of the next cycles of the loop. Sends that wait on it
    /// complete with <see cref="SendStatus.StreamEnded"/>.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="code">A number that the application defines.</param>
    public void ResetStream(ForwardStream stream, uint code = 0)
    {
        VerifyStream(stream);
        ResetStream(stream.Node, stream.Id, code);
    }

    /// <summary>Begins to receive the messages of a service.</summary>
    /// <param name="service">
    /// The service; <see cref="ServiceId.Reply"/> for the replies to streams of this client.
    /// </param>
    /// <exception cref="ArgumentException">The service is used already.</exception>
    /// <exception cref="ObjectDisposedException">The client has ended.</exception>
    public ForwardReceiver Receive(ServiceId service = default)
    {
        ForwardReceiver receiver = new(this, service, _options.RealTimeCapacity);
        Register(service, receiver);
        return receiver;
    }

    /// <summary>
    /// Ends the client: pending sends complete with <see cref="SendStatus.Stopping"/>, requests and pipes fail,
    /// receivers and listeners end after what they have. A host ends its client by itself. A program that drives node
    /// and loop calls this after the node has stopped and while the loop still runs, or after the loop has ended.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_loop is not { } loop || loop.IsOnLoopThread)
        {
            Close();
            return;
        }

        TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(() =>
        {
            Close();
            closed.TrySetResult();
        });
        // A loop that has ended meanwhile does not run what was posted; a loop that is driven by hand has no task.
        if (!loop.Completion.IsCompleted)
            await Task.WhenAny(closed.Task, loop.Completion).ConfigureAwait(false);
        else if (!loop.IsOnLoopThread)
            await closed.Task.ConfigureAwait(false);
        if (!closed.Task.IsCompleted)
            Close();
    }

    /// <summary>
    /// As <see cref="DisposeAsync"/>, and blocks until the present cycle of the loop has ended. Callable on the loop
    /// thread as well. Containers that are disposed synchronously need it.
    /// </summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Where the parts of the client report failures.</summary>
    internal ILogger Logger => _logger ?? _node?.Logger ?? NullLogger.Instance;

    /// <summary>As the public one, by ids.</summary>
    internal ValueTask<SendResult> SendAsync(
        uint node,
        ulong stream,
        MessageClass messageClass,
        ReadOnlyMemory<byte> payload,
        SendOptions options = SendOptions.None,
        CancellationToken cancellationToken = default
    )
    {
        if (_node is null)
            throw NotAttached();
        if (messageClass is not (MessageClass.RealTime or MessageClass.Reliable))
            throw new ArgumentOutOfRangeException(
                nameof(messageClass),
                messageClass,
                "A stream is Reliable or RealTime."
            );
        return _sends.Begin(
            node,
            stream,
            messageClass,
            payload,
            options,
            isEndOnly: false,
            scope: null,
            realTimeBudget: null,
            cancellationToken
        );
    }

    /// <summary>As the public one, by ids.</summary>
    internal ValueTask<SendResult> EndStreamAsync(
        uint node,
        ulong stream,
        CancellationToken cancellationToken = default
    )
    {
        if (_node is null)
            throw NotAttached();
        return _sends.Begin(
            node,
            stream,
            MessageClass.Reliable,
            default,
            SendOptions.None,
            isEndOnly: true,
            scope: null,
            realTimeBudget: null,
            cancellationToken
        );
    }

    /// <summary>As the public one, by ids.</summary>
    internal void ResetStream(uint node, ulong stream, uint code)
    {
        ForwardNode own = Node;
        Post(() =>
        {
            own.ResetStream(node, stream, code);
            FailSends(node, stream);
        });
    }

    internal void Post(Action work) => (_loop ?? throw NotAttached()).Post(work);

    internal void FailSends(uint node, ulong stream) => _sends.Fail(node, stream, SendStatus.StreamEnded);

    internal void Remove(ForwardReceiver receiver)
    {
        Leave(receiver.Service, receiver);
        CloseAfterEvents(receiver);
    }

    /// <summary>Ends everything that uses the client. On the loop thread, or after its end.</summary>
    internal void Close()
    {
        if (_isClosed)
            return;
        _isClosed = true;
        foreach (ForwardPipe pipe in _pipes.Values.ToArray())
            pipe.Fail(ForwardPipe.Stopped());
        foreach (object owner in _services.Values)
        {
            if (owner is ForwardReceiver receiver)
                receiver.Close();
            else if (owner is ForwardPipeListener listener)
                listener.Close();
            else if (owner is ForwardResponder responder)
                responder.Close();
        }

        _services.Clear();
        _early.Clear();
        _requests.FailAll();
        if (_node is { } node)
            _sends.Close(node);
    }

    private static InvalidOperationException NotAttached() =>
        new(
            "The client has no node yet. It gets one when it is the handler of a ForwardHost or of a container "
                + "(AddHandler<ForwardClient>), or an actor, and that has started; else call Attach."
        );

    private static void VerifyRequestService(ServiceId service)
    {
        if (service.IsReply)
            throw new ArgumentException(
                $"Service {service} is the direction of replies; name the service itself.",
                nameof(service)
            );
    }

    private void Register(ServiceId service, object owner)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (!_services.TryAdd(service, owner))
            throw new ArgumentException(
                $"Service {service} has a receiver, listener or responder already: dispose of it first.",
                nameof(service)
            );
        _left.TryRemove(service, out _);
        if (_loop is not null && !_isClosed)
            Post(() => ClaimEarly(service));
        if (!_isClosed)
            return;
        _services.TryRemove(new KeyValuePair<ServiceId, object>(service, owner)); // closed in between
        throw new ObjectDisposedException(nameof(ForwardClient));
    }

    private void Leave(ServiceId service, object owner)
    {
        if (_services.TryRemove(new KeyValuePair<ServiceId, object>(service, owner)))
            _left.TryAdd(service, true);
    }

    /// <summary>Closes a receiver after what the loop may be adding to it at this moment.</summary>
    private void CloseAfterEvents(ForwardReceiver receiver)
    {
        if (_loop is not { } loop || _isClosed)
            receiver.Close();
        else
            loop.Post(receiver.Close);
    }

    private void Schedule()
    {
        if (Interlocked.Exchange(ref _scheduled, 1) == 0)
            Post(_run);
    }

    private void VerifyStream(ForwardStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!ReferenceEquals(stream.Owner, Node))
            throw new ArgumentException("The stream was opened by another node than this client's.", nameof(stream));
    }

    private void Run()
    {
        Interlocked.Exchange(ref _scheduled, 0);
        ForwardNode node = Node;
        _slots.Run(node); // first: the sends may need the room that it makes
        _sends.Run(node);
    }
}
