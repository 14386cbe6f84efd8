using System.Collections.Concurrent;
using FastForward.Transport.Actors;
using FastForward.Transport.Async;
using FastForward.Transport.Loop;

namespace FastForward.Transport;

/// <summary>
/// A node for ordinary .NET code: <c>await</c>, <c>await foreach</c> and pipes, on any thread, over a
/// <see cref="ForwardLoop"/> that runs on its own one.
/// </summary>
/// <remarks>
/// <para><b>What it costs.</b> Each message changes threads once: a post to the loop, and a wake-up of whoever waits. That
/// is some microseconds beside a few hundred nanoseconds of a handler on the loop thread, and received messages are copied
/// once more. Nothing is allocated per message. Whoever needs the shortest time implements
/// <see cref="IForwardHandler"/> or <see cref="IActor"/>.</para>
/// <para><b>Where it stands.</b> It is the handler of a node: make the client, make the node with it, <see cref="Attach"/>,
/// <see cref="Receive"/> and <see cref="Listen"/>, start the node and the loop. Or it is an actor beside others: add it to
/// an <see cref="ActorSystem"/> with its services, n for what it serves and n | 0x8000 for what it connects to; there is no
/// <see cref="Attach"/> then. At the end stop the node, then <see cref="DisposeAsync"/>, then stop the loop.</para>
/// <para><b>Services.</b> The upper 16 bits of a stream id are a service (<see cref="ActorStream"/>): that is how messages
/// find their receiver. Plain small stream ids are streams of service 0. Reliable messages that nobody receives are
/// refused, which tells their sender; real-time ones are dropped; both are counted by <see cref="UnclaimedMessages"/>.</para>
/// <para>All members may be used on any thread, unless they say otherwise. Code that awaits never continues on the loop
/// thread.</para>
/// </remarks>
public sealed partial class ForwardClient : IAsyncDisposable
{
    private readonly ForwardClientOptions _options;
    private readonly PendingSends _sends;
    private readonly MessageSlots _slots;
    private readonly ConcurrentDictionary<ushort, object> _services = new(); // ForwardReceiver or ForwardPipeListener
    private readonly Dictionary<(uint Node, ulong Incoming), ForwardPipe> _pipes = [];
    private readonly Action _run;
    private ForwardLoop? _loop;
    private volatile ForwardNode? _node; // set last: who sees it sees the loop as well
    private long _unclaimed;
    private int _scheduled;
    private volatile bool _isClosed;

    /// <summary>Creates a client.</summary>
    /// <param name="options">Settings; defaults when null.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ForwardClient(ForwardClientOptions? options = null)
    {
        _options = options ?? new ForwardClientOptions();
        _options.Validate();
        _run = Run;
        _sends = new PendingSends(_options.MaxPendingSends, Schedule);
        _slots = new MessageSlots(Schedule);
    }

    /// <summary>Accepted messages were given up. Called on the loop thread: it must not wait.</summary>
    public event Action<Undelivered>? Undelivered;

    /// <summary>Something changed about a peer. Called on the loop thread: it must not wait.</summary>
    public event Action<PeerEvent>? PeerChanged;

    /// <summary>An incoming stream ended that is not a pipe's. Called on the loop thread, where messages of the stream may still wait to be read: it must not wait.</summary>
    public event Action<StreamEnd>? StreamEnded;

    /// <summary>Messages, and openings of pipes, of services that nobody receives or listens for.</summary>
    public long UnclaimedMessages => Volatile.Read(ref _unclaimed);

    /// <summary>Sends under way, those that wait for room and those of pipes included.</summary>
    public int PendingSends => _sends.Count;

    internal ForwardNode Node => _node ?? throw NotAttached();

    /// <summary>Pipes that the loop thread knows. For tests, on the loop thread.</summary>
    internal int PipeCount => _pipes.Count;

    /// <summary>Messages that are read or wait to be read. For tests, on the loop thread.</summary>
    internal int OutstandingMessages => _slots.Outstanding;

    /// <summary>Tells the client its node. Once, before the node is started; not for a client that is an actor.</summary>
    /// <param name="node">The node whose handler this client is.</param>
    /// <param name="loop">The node's loop.</param>
    /// <exception cref="InvalidOperationException">It was attached before.</exception>
    public void Attach(ForwardNode node, ForwardLoop loop)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(loop);
        if (_node is not null)
            throw new InvalidOperationException("The client was attached before: a client has one node.");
        _loop = loop;
        _node = node;
    }

    /// <summary>
    /// Sends a message; the task ends when the node has accepted it, or with the reason why not. Where
    /// <see cref="ForwardNode.Send"/> answers <see cref="SendStatus.BackPressured"/>, this waits. Sends on one stream are
    /// accepted in the order of the calls.
    /// </summary>
    /// <param name="node">The receiver.</param>
    /// <param name="stream">As for <see cref="ForwardNode.Send"/>.</param>
    /// <param name="messageClass">What the stream promises.</param>
    /// <param name="payload">The content. It is read until the task ends: leave it as it is so long.</param>
    /// <param name="options">Extras.</param>
    /// <param name="cancellation">
    /// Gives the send up. Then the message was not sent, and its memory is free; once it was accepted a cancellation has no
    /// effect and the result says so.
    /// </param>
    /// <returns>
    /// As of <see cref="ForwardNode.Send"/>. <see cref="SendStatus.BackPressured"/> only means that
    /// <see cref="ForwardClientOptions.MaxPendingSends"/> are under way. A send that waited through the loss of a peer is
    /// accepted for its next life. Await the task once.
    /// </returns>
    /// <exception cref="OperationCanceledException">It was cancelled, and the message was not sent.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    /// <exception cref="InvalidOperationException">The client has no node yet.</exception>
    public ValueTask<SendResult> SendAsync(
        uint node,
        ulong stream,
        MessageClass messageClass,
        ReadOnlyMemory<byte> payload,
        SendOptions options = SendOptions.None,
        CancellationToken cancellation = default
    )
    {
        if (_node is null)
            throw NotAttached();
        if (messageClass is not (MessageClass.RealTime or MessageClass.Reliable))
            throw new ArgumentOutOfRangeException(
                nameof(messageClass),
                messageClass,
                "There are Reliable and RealTime."
            );
        return _sends.Begin(node, stream, messageClass, payload, options, isEndOnly: false, pipe: null, cancellation);
    }

    /// <summary>Ends a stream after the messages sent so far, those that wait included.</summary>
    /// <param name="node">The receiver.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellation">Gives it up, while sends before it wait.</param>
    /// <returns>As of <see cref="ForwardNode.EndStream"/>; the sequence means nothing.</returns>
    public ValueTask<SendResult> EndStreamAsync(uint node, ulong stream, CancellationToken cancellation = default)
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
            pipe: null,
            cancellation
        );
    }

    /// <summary>
    /// Gives a stream up (<see cref="ForwardNode.ResetStream"/>) from one of the next cycles of the loop on. Sends that wait
    /// on it end with <see cref="SendStatus.StreamEnded"/>.
    /// </summary>
    public void ResetStream(uint node, ulong stream, uint code)
    {
        if (_node is null)
            throw NotAttached();
        Post(() =>
        {
            _node.ResetStream(node, stream, code);
            FailSends(node, stream);
        });
    }

    /// <summary>Begins to receive the messages of a service.</summary>
    /// <param name="service">The upper 16 bits of the stream ids; 0 for plain small ids.</param>
    /// <exception cref="ArgumentException">Somebody receives or listens for it already.</exception>
    /// <exception cref="ObjectDisposedException">The client has ended.</exception>
    public ForwardReceiver Receive(ushort service = 0)
    {
        ForwardReceiver receiver = new(this, service, _options.RealTimeCapacity);
        Register(service, receiver);
        return receiver;
    }

    /// <summary>Begins to accept pipes to a service.</summary>
    /// <param name="service">0..0x7FFF.</param>
    /// <exception cref="ArgumentException">Somebody receives or listens for it already.</exception>
    /// <exception cref="ObjectDisposedException">The client has ended.</exception>
    public ForwardPipeListener Listen(ushort service)
    {
        VerifyPipeService(service);
        ForwardPipeListener listener = new(this, service, _options.PipeBacklog);
        Register(service, listener);
        return listener;
    }

    /// <summary>Connects a pipe to a service of a node; the task ends when the other side has it in its backlog.</summary>
    /// <param name="node">The other node; the own one works as well.</param>
    /// <param name="service">A service that the other side listens for, 0..0x7FFF.</param>
    /// <param name="cancellation">Gives it up.</param>
    /// <exception cref="ForwardPipeException">It was rejected, or the node cannot be reached.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<ForwardPipe> ConnectPipeAsync(uint node, ushort service, CancellationToken cancellation = default)
    {
        VerifyPipeService(service);
        if (_node is null)
            throw NotAttached();
        cancellation.ThrowIfCancellationRequested();
        TaskCompletionSource<ForwardPipe> opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            if (cancellation.IsCancellationRequested)
                opened.TrySetCanceled(cancellation);
            else
                opened.TrySetResult(Open(node, service));
        });
        if (_isClosed)
            opened.TrySetException(ForwardPipe.Stopped());
        ForwardPipe pipe;
        try
        {
            pipe = await opened.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It may be open by now, or become so.
            Post(() =>
            {
                if (opened.Task.IsCompletedSuccessfully)
                    opened.Task.Result.Fail(
                        new ForwardPipeException(ForwardPipeException.Aborted, "The connect was cancelled.")
                    );
            });
            throw;
        }

        try
        {
            SendResult result = await SendOfPipe(pipe, default, cancellation).ConfigureAwait(false);
            if (!result.IsAccepted)
                throw pipe.Fault?.Again() ?? pipe.Refusal(result.Status);
            await pipe.Accepted.WaitAsync(cancellation).ConfigureAwait(false);
            return pipe;
        }
        catch (Exception exception)
        {
            Post(() =>
                pipe.Fail(
                    exception as ForwardPipeException
                        ?? new ForwardPipeException(ForwardPipeException.Aborted, exception.Message)
                )
            );
            throw;
        }
    }

    /// <summary>
    /// Ends everything: waiting sends with <see cref="SendStatus.Stopping"/>, receivers and listeners after what they have,
    /// pipes with <see cref="PipeFailure.Stopped"/>. Call it after the node has stopped and while the loop still runs, or
    /// after the loop has ended.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_loop is not { } loop)
        {
            Close();
            return;
        }

        if (loop.IsOnLoopThread)
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
        // A loop that ended meanwhile does not run what was posted; one that somebody drives by hand has no task.
        if (!loop.Completion.IsCompleted)
            await Task.WhenAny(closed.Task, loop.Completion).ConfigureAwait(false);
        else if (!loop.IsOnLoopThread)
            await closed.Task.ConfigureAwait(false);
        if (!closed.Task.IsCompleted)
            Close();
    }

    /// <summary>A pipe's message, as by a send, but outside of the limit, since a pipe has one at a time.</summary>
    internal ValueTask<SendResult> SendOfPipe(
        ForwardPipe pipe,
        ReadOnlyMemory<byte> payload,
        CancellationToken cancellation
    ) =>
        _sends.Begin(
            pipe.Node,
            pipe.Outgoing,
            MessageClass.Reliable,
            payload,
            SendOptions.None,
            isEndOnly: false,
            pipe,
            cancellation
        );

    /// <summary>The end of a pipe's output.</summary>
    internal ValueTask<SendResult> EndOfPipe(ForwardPipe pipe) =>
        _sends.Begin(
            pipe.Node,
            pipe.Outgoing,
            MessageClass.Reliable,
            default,
            SendOptions.None,
            isEndOnly: true,
            pipe,
            CancellationToken.None
        );

    internal void Post(Action work) => _loop!.Post(work);

    internal void FailSends(uint node, ulong stream) => _sends.Fail(node, stream, SendStatus.StreamEnded);

    internal void Forget(ForwardPipe pipe)
    {
        if (_pipes.TryGetValue((pipe.Node, pipe.Incoming), out ForwardPipe? known) && ReferenceEquals(known, pipe))
            _pipes.Remove((pipe.Node, pipe.Incoming));
    }

    internal void Remove(ForwardReceiver receiver)
    {
        _services.TryRemove(new KeyValuePair<ushort, object>(receiver.Service, receiver));
        // After what the loop is adding at this moment.
        if (_loop is null || _isClosed)
            receiver.Close();
        else
            Post(receiver.Close);
    }

    internal void Remove(ForwardPipeListener listener) =>
        _services.TryRemove(new KeyValuePair<ushort, object>(listener.Service, listener));

    private static InvalidOperationException NotAttached() =>
        new(
            "The client has no node yet: call Attach after the node was made, or start the actor system that it was added to."
        );

    private static void VerifyPipeService(ushort service)
    {
        if (service >= ActorStream.AnswerBit)
            throw new ArgumentOutOfRangeException(
                nameof(service),
                service,
                "Pipes are connected to services 0..0x7FFF; the answers to service n travel on n | 0x8000 by themselves."
            );
    }

    private void Register(ushort service, object owner)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (!_services.TryAdd(service, owner))
            throw new ArgumentException(
                $"Service 0x{service:x4} has a receiver or listener already: dispose of it first.",
                nameof(service)
            );
        if (!_isClosed)
            return;
        _services.TryRemove(new KeyValuePair<ushort, object>(service, owner)); // closed in between: nobody would close it
        throw new ObjectDisposedException(nameof(ForwardClient));
    }

    private ForwardPipe Open(uint node, ushort service)
    {
        ulong outgoing = Node.NewStreamId(service);
        ForwardPipe pipe = new(this, node, ForwardPipe.Opposite(outgoing));
        if (_isClosed)
            pipe.Fail(ForwardPipe.Stopped());
        else
            _pipes.Add((node, pipe.Incoming), pipe);
        return pipe;
    }

    private void Schedule()
    {
        if (Interlocked.Exchange(ref _scheduled, 1) == 0)
            _loop!.Post(_run);
    }

    private void Run()
    {
        Interlocked.Exchange(ref _scheduled, 0);
        _slots.Run(_node!); // first: what it makes room for may be asked for by the sends
        _sends.Run(_node!);
    }

    private void Close()
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
            else
                ((ForwardPipeListener)owner).Close();
        }

        _services.Clear();
        if (_node is not null)
            _sends.Close(_node);
    }
}
