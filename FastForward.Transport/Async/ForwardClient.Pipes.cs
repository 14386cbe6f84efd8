using System.Buffers.Binary;

namespace FastForward.Transport;

/// <content>Pipes: docs/protocol.md, "Services and pipes".</content>
public sealed partial class ForwardClient
{
    private readonly Dictionary<(uint Node, ulong Incoming), ForwardPipe> _pipes = [];

    /// <summary>Pipes that the loop thread knows. For tests, on the loop thread.</summary>
    internal int PipeCount => _pipes.Count;

    /// <summary>Begins to accept pipes to a service.</summary>
    /// <param name="service">The service.</param>
    /// <exception cref="ArgumentException">
    /// The service is used already, or it is the direction of replies.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The client has ended.</exception>
    public ForwardPipeListener Listen(ServiceId service)
    {
        VerifyRequestService(service);
        ForwardPipeListener listener = new(this, service, _options.PipeBacklog);
        Register(service, listener);
        return listener;
    }

    /// <summary>
    /// Connects a pipe to a service of a node. The task completes when the other side has it in its backlog.
    /// </summary>
    /// <param name="node">The other node; the own one works as well.</param>
    /// <param name="service">A service that the other side listens for.</param>
    /// <param name="cancellationToken">Cancels the connect.</param>
    /// <exception cref="ForwardPipeException">It was rejected, or the node cannot be reached.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ArgumentException"><paramref name="service"/> is the direction of replies.</exception>
    /// <exception cref="InvalidOperationException">The client has no node yet.</exception>
    public async Task<ForwardPipe> ConnectPipeAsync(
        uint node,
        ServiceId service,
        CancellationToken cancellationToken = default
    )
    {
        VerifyRequestService(service);
        if (_node is null || _loop is not { } loop)
            throw NotAttached();
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource<ForwardPipe> opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            if (cancellationToken.IsCancellationRequested)
                opened.TrySetCanceled(cancellationToken);
            else
                opened.TrySetResult(Open(node, service));
        });
        if (_isClosed)
            opened.TrySetException(ForwardPipe.Stopped());
        ForwardPipe pipe;
        try
        {
            await Task.WhenAny(opened.Task, loop.Ended).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (!opened.Task.IsCompleted)
                throw ForwardPipe.Stopped(); // the loop ended by itself, and the client is not closed yet
            pipe = await opened.Task.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The pipe may be open, or about to be.
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
            SendResult result = await SendOfPipe(pipe, default, cancellationToken).ConfigureAwait(false);
            if (!result.IsAccepted)
                throw pipe.Fault?.Again() ?? pipe.Refusal(result.Status);
            await pipe.Accepted.WaitAsync(cancellationToken).ConfigureAwait(false);
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

    /// <summary>Sends a message of a pipe.</summary>
    internal ValueTask<SendResult> SendOfPipe(
        ForwardPipe pipe,
        ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken
    ) =>
        _sends.Begin(
            pipe.Node,
            pipe.Outgoing,
            MessageClass.Reliable,
            payload,
            SendOptions.None,
            isEndOnly: false,
            pipe,
            realTimeBudget: null,
            cancellationToken
        );

    /// <summary>Ends the output of a pipe.</summary>
    internal ValueTask<SendResult> EndOfPipe(ForwardPipe pipe) =>
        _sends.Begin(
            pipe.Node,
            pipe.Outgoing,
            MessageClass.Reliable,
            default,
            SendOptions.None,
            isEndOnly: true,
            pipe,
            realTimeBudget: null,
            CancellationToken.None
        );

    internal void Forget(ForwardPipe pipe)
    {
        if (_pipes.TryGetValue((pipe.Node, pipe.Incoming), out ForwardPipe? known) && ReferenceEquals(known, pipe))
            _pipes.Remove((pipe.Node, pipe.Incoming));
    }

    internal void Remove(ForwardPipeListener listener) => Leave(listener.Service, listener);

    private static bool IsOpening(in ReceivedMessage message) =>
        message is { Class: MessageClass.Reliable, Sequence: 0, IsLast: false, Payload.IsEmpty: true };

    private static ForwardPipeException Restarted(uint node) =>
        new(node, PipeFailure.PeerRestarted, 0, $"Node {node} is a new process, which does not know the pipe.");

    private ForwardPipe Open(uint node, ServiceId service)
    {
        ForwardPipe pipe = new(this, node, ServiceId.OppositeStream(Node.NewStreamId(service)));
        if (_isClosed)
            pipe.Fail(ForwardPipe.Stopped());
        else
            _pipes.Add((node, pipe.Incoming), pipe);
        return pipe;
    }

    private void Accept(ForwardPipeListener listener, in ReceivedMessage message)
    {
        if (listener.IsFull)
        {
            Reject(message, ForwardPipeException.BacklogFull);
            return;
        }

        ForwardPipe pipe = new(this, message.Node, message.Stream);
        // An empty reply accepts. The listener gets the pipe after it, so that nothing overtakes it.
        if (!Node.Send(message.Node, pipe.Outgoing, MessageClass.Reliable, []).IsAccepted)
        {
            Node.RefuseStream(message.Node, message.Stream);
            return;
        }

        pipe.Bind(Node, message);
        _pipes.Add((message.Node, message.Stream), pipe);
        if (!listener.TryAdd(pipe))
            pipe.Fail(new ForwardPipeException(ForwardPipeException.NoListener, "The listener was disposed of."));
    }

    // The other side resets its stream then. Refusing it here would arrive before this reply, and without a reason.
    private void Reject(in ReceivedMessage opening, uint code)
    {
        Span<byte> payload = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(payload, code);
        SendResult result = Node.Send(
            opening.Node,
            ServiceId.OppositeStream(opening.Stream),
            MessageClass.Reliable,
            payload,
            SendOptions.End
        );
        if (!result.IsAccepted)
            Node.RefuseStream(opening.Node, opening.Stream);
    }
}
