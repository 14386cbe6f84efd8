using FastForward.Transport.Actors;
using FastForward.Transport.Async;
using FastForward.Transport.Async.Requests;

namespace FastForward.Transport;

/// <content>Requests and replies: docs/protocol.md, "Requests and replies".</content>
public sealed partial class ForwardClient
{
    // What a timer of .NET can count is slightly more.
    private static readonly TimeSpan s_longestTimeout = TimeSpan.FromDays(49);

    // The code of a stream that is reset because its caller gave up.
    private const uint GivenUp = 1;

    private readonly RequestTable _requests;

    /// <summary>Requests that are under way.</summary>
    public int PendingRequests => _requests.Count;

    /// <summary>
    /// Replies that were dropped because their request had ended: by a time-out, a cancellation or a loss.
    /// </summary>
    public long LateReplies => _requests.LateReplies;

    /// <summary>Gates of nodes with requests. For tests.</summary>
    internal int RequestGates => _requests.GateCount;

    /// <summary>
    /// Sends a request to a service of a node and waits for its reply. The request is sent when the node is connected;
    /// each is sent once and never repeated.
    /// </summary>
    /// <param name="node">The node to ask; the own one works as well.</param>
    /// <param name="service">The service, which a <see cref="Respond"/>, a handler or an actor serves there.</param>
    /// <param name="payload">The content, at most 64 KiB. It is read until the task ends: leave it unchanged.</param>
    /// <param name="timeout">
    /// How long to wait in all, at most 49 days; <see cref="ForwardClientOptions.RequestTimeout"/> when null,
    /// <see cref="Timeout.InfiniteTimeSpan"/> for no limit.
    /// </param>
    /// <param name="cancellationToken">Gives the request up. The peer may have handled it all the same.</param>
    /// <returns>The reply.</returns>
    /// <exception cref="TimeoutException">No reply came in time; the peer may have handled the request.</exception>
    /// <exception cref="OperationCanceledException">
    /// It was cancelled; the peer may have handled the request.
    /// </exception>
    /// <exception cref="ForwardSendException">The node did not accept the request: nothing was sent.</exception>
    /// <exception cref="ForwardRefusedException">The peer refused it; the code says why.</exception>
    /// <exception cref="ForwardUndeliveredException">
    /// The peer was lost, or this node stopped, before a reply came; the peer may have handled the request.
    /// </exception>
    /// <exception cref="ForwardException">The peer uses the service for something else than requests.</exception>
    /// <exception cref="ArgumentException"><paramref name="service"/> is the direction of replies.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is out of range.</exception>
    /// <exception cref="InvalidOperationException">The client has no node yet.</exception>
    public async Task<byte[]> RequestAsync(
        uint node,
        ServiceId service,
        ReadOnlyMemory<byte> payload,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default
    )
    {
        VerifyRequestService(service);
        TimeSpan limit = timeout ?? _options.RequestTimeout;
        if (limit != Timeout.InfiniteTimeSpan && (limit <= TimeSpan.Zero || limit > s_longestTimeout))
            throw new ArgumentOutOfRangeException(
                nameof(timeout),
                limit,
                "It is more than 0 and at most 49 days, or Timeout.InfiniteTimeSpan."
            );
        ulong stream = Node.NewStreamId(service);
        cancellationToken.ThrowIfCancellationRequested();
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(limit);
        PendingRequest request = new(node, stream);
        try
        {
            using RequestTable.Place place = await _requests.EnterAsync(node, end.Token).ConfigureAwait(false);
            return await ExchangeAsync(request, payload, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException cancelled) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancelled.Message, cancelled, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException(
                $"Node {node} sent no reply on service {service} within {limit}: " + Explain(request)
            );
        }
    }

    /// <summary>Begins to answer the requests to a service.</summary>
    /// <param name="service">The service.</param>
    /// <param name="handler">
    /// Answers one request; up to <see cref="ForwardClientOptions.MaxConcurrentReplies"/> run at once.
    /// </param>
    /// <returns>What answers, until it is disposed of or the client ends.</returns>
    /// <exception cref="ArgumentException">
    /// The service is used already, or it is the direction of replies.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The client has ended.</exception>
    public ForwardResponder Respond(ServiceId service, ForwardRequestHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        VerifyRequestService(service);
        ForwardResponder responder = new(this, service, handler, _options.MaxConcurrentReplies);
        try
        {
            Register(service, responder);
        }
        catch
        {
            responder.Close();
            throw;
        }

        return responder;
    }

    /// <summary>
    /// Measures the round trip to a node through the sessions of both ends; no application takes part at the peer.
    /// </summary>
    /// <param name="node">The peer; the own id answers by itself.</param>
    /// <param name="timeout">How long to wait for the answer, 1 ms to 1 min; 2 s when null.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The result for the path in use, or for another path when none is in use.</returns>
    /// <exception cref="ForwardSendException">
    /// There is no path to the node, no route leads to it, or the node has stopped.
    /// </exception>
    /// <exception cref="TimeoutException">
    /// The loop did not run within <paramref name="timeout"/> and 5 s more: a callback blocks it, or it was not
    /// started. For a peer that does not answer the result is <see cref="PingOutcome.TimedOut"/>.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is out of range.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="InvalidOperationException">The client has no node yet.</exception>
    public Task<PingResult> PingAsync(
        uint node,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default
    ) => PingCall.RunAsync(_loop ?? throw NotAttached(), Node, node, timeout, cancellationToken);

    /// <summary>Sends the reply to a request.</summary>
    internal async ValueTask<SendStatus> ReplyAsync(ForwardMessage request, ReadOnlyMemory<byte> payload) =>
        (await SendReplyAsync(request, payload, SendOptions.End, isEndOnly: false).ConfigureAwait(false)).Status;

    /// <summary>Refuses a request.</summary>
    internal async ValueTask<SendStatus> RefuseAsync(ForwardMessage request, uint code)
    {
        byte[] payload = new byte[RequestProtocol.RefusalSize];
        RequestProtocol.WriteCode(payload, code);
        SendResult sent = await SendReplyAsync(request, payload, SendOptions.None, isEndOnly: false)
            .ConfigureAwait(false);
        return sent.IsAccepted
            ? (await SendReplyAsync(request, default, SendOptions.None, isEndOnly: true).ConfigureAwait(false)).Status
            : sent.Status;
    }

    internal void Remove(ForwardResponder responder)
    {
        Leave(responder.Service, responder);
        CloseAfterEvents(responder.Receiver);
    }

    private async Task<byte[]> ExchangeAsync(
        PendingRequest request,
        ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken
    )
    {
        _requests.Add(request);
        try
        {
            if (_isClosed)
                request.Fail(RequestTable.Stopped(request)); // closed in between: no one else fails it
            SendResult result = await _sends
                .Begin(
                    request.Node,
                    request.Stream,
                    MessageClass.Reliable,
                    payload,
                    SendOptions.End,
                    isEndOnly: false,
                    request,
                    realTimeBudget: null,
                    cancellationToken
                )
                .ConfigureAwait(false);
            if (!result.IsAccepted)
                request.Fail(new ForwardSendException(request.Node, result.Status)); // unless it has failed already
            return await request.Reply.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _requests.Remove(request);
            if (request.IsSent && !request.Reply.IsCompletedSuccessfully && !_isClosed)
                Post(() => Node.ResetStream(request.Node, request.Stream, GivenUp)); // it need not be delivered now
        }
    }

    private ValueTask<SendResult> SendReplyAsync(
        ForwardMessage request,
        ReadOnlyMemory<byte> payload,
        SendOptions options,
        bool isEndOnly
    ) =>
        _sends.Begin(
            request.Node,
            ServiceId.OppositeStream(request.Stream),
            MessageClass.Reliable,
            payload,
            options,
            isEndOnly,
            new ReplyScope(request.Credit),
            realTimeBudget: null,
            CancellationToken.None
        );

    private string Explain(PendingRequest request)
    {
        if (!request.IsSent)
            return "the request was still waiting to be sent.";
        return Node.IsAssociated(request.Node)
            ? "the request was sent and may have been handled."
            : "there is no connection to the node.";
    }

    /// <summary>
    /// A reply belongs to the association of its request: to the next process of the peer it would be a message that it
    /// did not ask for.
    /// </summary>
    private sealed class ReplyScope(MessageCredit credit) : ISendScope
    {
        public bool IsOver(ForwardNode node) => !node.IsOfLivingAssociation(credit);
    }
}
