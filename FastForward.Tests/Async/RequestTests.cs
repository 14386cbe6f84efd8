using System.Collections.Concurrent;
using System.Text;
using FastForward.Transport;

namespace FastForward.Tests.Async;

/// <summary>Requests and replies: all outcomes of a request, limits, and that no state remains.</summary>
[TestFixture]
public sealed class RequestTests
{
    private const uint Self = DrivenClient.Self;

    private static ForwardRequestHandler Echo =>
        static (request, _) => ValueTask.FromResult<ReadOnlyMemory<byte>>(request.Payload.ToArray());

    [Test]
    public async Task A_request_gets_its_reply_and_leaves_no_state()
    {
        await using ClientPair pair = new();
        List<StreamEnd> ends = [];
        pair.A.Client.StreamEnded += ends.Add;
        pair.B.Client.StreamEnded += ends.Add;
        await using ForwardResponder responder = pair.B.Client.Respond(
            5,
            static (request, _) =>
                new(Encoding.UTF8.GetBytes($"{request.Node} on {request.Service}: {request.Payload.Length}"))
        );
        byte[] reply = await pair.A.Client.RequestAsync(pair.B.Id, 5, new byte[65_536]);
        Assert.That(Encoding.UTF8.GetString(reply), Is.EqualTo($"{pair.A.Id} on 5: 65536"));
        Assert.That(await pair.A.Client.RequestAsync(pair.B.Id, 5, default), Is.Not.Empty, "an empty request");
        Empty(pair.A.Client);
        Eventually.True(
            () => pair.B.OnLoop(() => pair.B.Client.OutstandingMessages) == 0 && responder.RunningRequests == 0,
            () => "requests are not returned"
        );
        Assert.That((ends, responder.LostReplies), Is.EqualTo((new List<StreamEnd>(), 0L)));
    }

    [Test]
    public async Task Replies_may_have_any_content()
    {
        await using ClientPair pair = new();
        await using ForwardResponder responder = pair.B.Client.Respond(5, Echo);
        foreach (byte[] content in new byte[][] { [], [2, 0, 0, 0], new byte[65_536] })
            Assert.That(await pair.A.Client.RequestAsync(pair.B.Id, 5, content), Is.EqualTo(content));
    }

    [Test]
    public async Task Many_requests_at_once_each_get_their_own_reply()
    {
        const int Requests = 5_000;
        await using ClientPair pair = new();
        await using ForwardResponder responder = pair.B.Client.Respond(5, Echo);
        byte[][] replies = await Task.WhenAll(
            Enumerable
                .Range(0, Requests)
                .Select(i =>
                    pair.A.Client.RequestAsync(pair.B.Id, 5, BitConverter.GetBytes(i), TimeSpan.FromSeconds(30))
                )
        );
        Assert.That(
            replies.Select(static reply => BitConverter.ToInt32(reply)),
            Is.EqualTo(Enumerable.Range(0, Requests))
        );
        Empty(pair.A.Client);
    }

    [Test]
    public async Task Requests_in_flight_and_handled_are_limited_by_the_options()
    {
        ForwardClientOptions options = new() { MaxRequestsPerNode = 5, MaxConcurrentReplies = 3 };
        await using ClientPair pair = new(options);
        using SemaphoreSlim release = new(0);
        await using ForwardResponder responder = pair.B.Client.Respond(
            5,
            async (_, cancellationToken) =>
            {
                await release.WaitAsync(cancellationToken);
                return default;
            }
        );
        Task<byte[]>[] requests =
        [
            .. Enumerable
                .Range(0, 20)
                .Select(_ => pair.A.Client.RequestAsync(pair.B.Id, 5, default, Timeout.InfiniteTimeSpan)),
        ];
        Eventually.True(
            () =>
                pair.A.Client.PendingRequests == 5 && responder.RunningRequests == 3 && responder.WaitingRequests == 2,
            () => $"{pair.A.Client.PendingRequests}, {responder.RunningRequests}, {responder.WaitingRequests}"
        );
        // Queued requests do not delay requests to other nodes.
        await using ForwardResponder own = pair.A.Client.Respond(5, Echo);
        Assert.That(await pair.A.Client.RequestAsync(pair.A.Id, 5, "x"u8.ToArray()), Is.EqualTo("x"u8.ToArray()));
        release.Release(20);
        await Task.WhenAll(requests);
        Empty(pair.A.Client);
    }

    [Test]
    public async Task A_slow_responder_causes_a_time_out_and_its_late_reply_is_counted_and_dropped()
    {
        await using ClientPair pair = new();
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ForwardResponder responder = pair.B.Client.Respond(
            5,
            async (_, _) =>
            {
                await release.Task;
                return "late"u8.ToArray();
            }
        );
        TimeoutException? timeout = await Assert.ThrowsAsync<TimeoutException>(async () =>
            await pair.A.Client.RequestAsync(pair.B.Id, 5, default, TimeSpan.FromMilliseconds(100))
        );
        Assert.That(timeout!.Message, Does.Contain("Node 250012 sent no reply on service 5 within 00:00:00.1"));
        Empty(pair.A.Client);
        Eventually.True(() => responder.RunningRequests == 1, () => "the request is not being handled");
        release.SetResult();
        Eventually.True(() => pair.A.Client.LateReplies == 1, () => $"{pair.A.Client.LateReplies} late replies");
        Assert.That(pair.A.Client.UnclaimedMessages, Is.Zero);
        Assert.That(responder.LostReplies, Is.Zero, "it was sent");
    }

    [Test]
    public async Task A_cancelled_request_ends_at_once_with_the_token_of_the_caller()
    {
        await using DrivenClient driven = new();
        using CancellationTokenSource cancel = new();
        Task<byte[]> request = driven.Client.RequestAsync(Self, 5, default, cancellationToken: cancel.Token);
        Assert.That(driven.Client.PendingRequests, Is.EqualTo(1));
        cancel.Cancel();
        OperationCanceledException? cancelled = await Assert.CatchAsync<OperationCanceledException>(async () =>
            await driven.Until(request)
        );
        Assert.That(cancelled!.CancellationToken, Is.EqualTo(cancel.Token));
        driven.Cycle();
        Assert.That(driven.Client.UnclaimedMessages, Is.Zero, "it was not sent");
        Assert.That(driven.Client.PendingSends, Is.Zero);
        Empty(driven.Client);
        await Assert.CatchAsync<OperationCanceledException>(async () =>
            await driven.Client.RequestAsync(Self, 5, default, cancellationToken: cancel.Token)
        );
    }

    [Test]
    public async Task A_request_to_an_unserved_service_is_refused()
    {
        await using DrivenClient driven = new();
        Task<byte[]> request = driven.Client.RequestAsync(Self, 5, default);
        ForwardRefusedException? refused = await Assert.ThrowsAsync<ForwardRefusedException>(async () =>
            await driven.Until(request)
        );
        Assert.That((refused!.Code, refused.Node), Is.EqualTo((ForwardRefusedException.NotServed, Self)));
        Assert.That(driven.Client.UnclaimedMessages, Is.EqualTo(1));
        driven.Cycle();
        Assert.That((driven.Client.LateReplies, driven.Client.PendingSends), Is.EqualTo((0L, 0)));
        Empty(driven.Client);
    }

    [Test]
    public async Task An_exception_in_the_handler_is_a_refusal_with_a_code()
    {
        await using ClientPair pair = new();
        await using ForwardResponder responder = pair.B.Client.Respond(
            5,
            static (request, _) =>
                request.Payload.Span[0] switch
                {
                    0 => throw new ForwardRefusedException(ForwardRefusedException.FirstApplicationCode, "not today"),
                    1 => throw new InvalidOperationException("a defect"),
                    _ => new(new byte[65_537]),
                }
        );
        Assert.That(await CodeOf(0), Is.EqualTo(ForwardRefusedException.FirstApplicationCode));
        Assert.That(responder.FailedRequests, Is.Zero, "it meant to");
        Assert.That(await CodeOf(1), Is.EqualTo(ForwardRefusedException.Failed));
        Assert.That(await CodeOf(2), Is.EqualTo(ForwardRefusedException.Failed), "the reply is too large");
        Assert.That(responder.FailedRequests, Is.EqualTo(2));

        async Task<uint> CodeOf(byte what) =>
            (
                await Assert.ThrowsAsync<ForwardRefusedException>(async () =>
                    await pair.A.Client.RequestAsync(pair.B.Id, 5, new[] { what })
                )
            )!.Code;
    }

    [TestCase(999u, 10, SendStatus.UnknownNode)]
    [TestCase(Self, 65_537, SendStatus.TooLarge)]
    public async Task A_request_that_the_node_does_not_accept_is_not_sent(uint node, int size, SendStatus expected)
    {
        await using DrivenClient driven = new();
        Task<byte[]> request = driven.Client.RequestAsync(node, 5, new byte[size]);
        ForwardSendException? failure = await Assert.ThrowsAsync<ForwardSendException>(async () =>
            await driven.Until(request)
        );
        Assert.That((failure!.Status, failure.Node), Is.EqualTo((expected, node)));
        Empty(driven.Client);
    }

    [Test]
    public async Task The_stop_of_a_peer_fails_requests_to_it_and_cancels_requests_from_it()
    {
        await using ClientPair pair = new();
        ConcurrentQueue<string> cancelled = new();
        await using ForwardResponder a = pair.A.Client.Respond(5, Wait);
        await using ForwardResponder b = pair.B.Client.Respond(5, Wait);
        Task<byte[]> sent = pair.A.Client.RequestAsync(pair.B.Id, 5, default, Timeout.InfiniteTimeSpan);
        Task<byte[]> asked = pair.B.Client.RequestAsync(pair.A.Id, 5, default, Timeout.InfiniteTimeSpan);
        Eventually.True(() => a.RunningRequests == 1 && b.RunningRequests == 1, () => "both are being handled");
        await pair.B.DisposeAsync();
        ForwardUndeliveredException? lost = await Assert.ThrowsAsync<ForwardUndeliveredException>(async () =>
            await sent
        );
        Assert.That((lost!.Reason, lost.Node), Is.EqualTo((UndeliveredReason.PeerLost, pair.B.Id)));
        ForwardException? stopped = await Assert.CatchAsync<ForwardException>(async () => await asked);
        Assert.That(stopped, Is.InstanceOf<ForwardUndeliveredException>());
        Eventually.True(() => a.RunningRequests == 0, () => "the handler at A is not cancelled");
        Assert.That(cancelled, Has.Count.EqualTo(2));
        Assert.That(a.LostReplies, Is.EqualTo(1), "no request waits for it");
        Empty(pair.A.Client);

        async ValueTask<ReadOnlyMemory<byte>> Wait(ForwardRequest request, CancellationToken cancellationToken)
        {
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            finally
            {
                cancelled.Enqueue("cancelled");
            }

            return default;
        }
    }

    [Test]
    public async Task Queued_requests_of_a_lost_peer_are_dropped_and_never_handled()
    {
        await using ClientPair pair = new(new ForwardClientOptions { MaxConcurrentReplies = 2 });
        int handled = 0;
        await using ForwardResponder responder = pair.B.Client.Respond(5, Wait);
        Task[] requests =
        [
            .. Enumerable
                .Range(0, 8)
                .Select(_ => pair.A.Client.RequestAsync(pair.B.Id, 5, default, Timeout.InfiniteTimeSpan)),
        ];
        Eventually.True(
            () => responder is { RunningRequests: 2, WaitingRequests: 6 },
            () => $"{responder.RunningRequests} run, {responder.WaitingRequests} wait"
        );
        await pair.A.DisposeAsync();
        foreach (Task request in requests)
            await Assert.CatchAsync<ForwardException>(async () => await request);
        Eventually.True(
            () => responder is { RunningRequests: 0, WaitingRequests: 0 },
            () => $"{responder.RunningRequests} run, {responder.WaitingRequests} wait"
        );
        Assert.That((handled, responder.LostReplies), Is.EqualTo((2, 8L)));
        Assert.That(pair.B.OnLoop(() => pair.B.Client.OutstandingMessages), Is.Zero);

        async ValueTask<ReadOnlyMemory<byte>> Wait(ForwardRequest request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref handled);
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return default;
        }
    }

    [Test]
    public async Task A_handler_whose_own_request_is_refused_has_failed()
    {
        await using ClientPair pair = new();
        await using ForwardResponder gateway = pair.B.Client.Respond(
            5,
            async (_, cancellationToken) =>
                await pair.B.Client.RequestAsync(pair.B.Id, 7, default, cancellationToken: cancellationToken)
        );
        ForwardRefusedException? refused = await Assert.ThrowsAsync<ForwardRefusedException>(async () =>
            await pair.A.Client.RequestAsync(pair.B.Id, 5, default)
        );
        Assert.That((refused!.Code, gateway.FailedRequests), Is.EqualTo((ForwardRefusedException.Failed, 1L)));
    }

    [Test]
    public async Task A_time_out_above_the_limit_is_refused_by_name()
    {
        await using DrivenClient driven = new();
        ArgumentOutOfRangeException? failure = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () =>
            await driven.Client.RequestAsync(Self, 5, default, TimeSpan.FromDays(60))
        );
        Assert.That(failure!.ParamName, Is.EqualTo("timeout"));
    }

    [Test]
    public async Task Disposing_a_client_fails_its_requests()
    {
        DrivenClient driven = new();
        Task<byte[]> unsent = driven.Client.RequestAsync(Self, 5, default);
        await driven.DisposeAsync();
        ForwardSendException? failure = await Assert.ThrowsAsync<ForwardSendException>(async () => await unsent);
        Assert.That(failure!.Status, Is.EqualTo(SendStatus.Stopping));
        Empty(driven.Client);
        Assert.That(
            async () => await driven.Client.RequestAsync(Self, 5, default),
            Throws.InstanceOf<ForwardSendException>()
        );
        Assert.That(() => driven.Client.Respond(5, Echo), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task Disposing_a_responder_cancels_and_refuses_requests_and_frees_its_service()
    {
        await using ClientPair pair = new(new ForwardClientOptions { MaxConcurrentReplies = 1 });
        ForwardResponder first = pair.B.Client.Respond(
            5,
            static async (_, cancellationToken) =>
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
                return default;
            }
        );
        Task<byte[]>[] requests =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(_ => pair.A.Client.RequestAsync(pair.B.Id, 5, default, Timeout.InfiniteTimeSpan)),
        ];
        Eventually.True(() => first is { RunningRequests: 1, WaitingRequests: 3 }, () => "one runs, three wait");
        Assert.That(() => pair.B.Client.Respond(5, Echo), Throws.ArgumentException, "the service has a responder");
        await first.DisposeAsync();
        foreach (Task<byte[]> request in requests)
            Assert.That(
                (await Assert.ThrowsAsync<ForwardRefusedException>(async () => await request))!.Code,
                Is.EqualTo(ForwardRefusedException.NotServed)
            );
        await using ForwardResponder second = pair.B.Client.Respond(5, Echo);
        Assert.That(await pair.A.Client.RequestAsync(pair.B.Id, 5, "x"u8.ToArray()), Is.EqualTo("x"u8.ToArray()));
    }

    [Test]
    public async Task A_peer_that_does_not_follow_the_request_protocol_is_named()
    {
        await using DrivenClient driven = new();
        using ForwardReceiver receiver = driven.Client.Receive(5);
        await using IAsyncEnumerator<ForwardMessage> reader = receiver.ReadAllAsync().GetAsyncEnumerator();
        Task<byte[]> request = driven.Client.RequestAsync(Self, 5, default);
        Assert.That(await driven.Until(reader.MoveNextAsync().AsTask()), Is.True);
        ForwardStream reply = driven.Client.OpenReply(reader.Current);
        Task<SendResult> sent = driven.Client.SendAsync(reply, "this is not the last"u8.ToArray()).AsTask();
        Assert.That((await driven.Until(sent)).IsAccepted, Is.True);
        ForwardException? failure = await Assert.CatchAsync<ForwardException>(async () => await driven.Until(request));
        Assert.That(failure!.Message, Is.EqualTo("What node 1 sends on service 5 is not a reply to a request."));
    }

    [Test]
    public async Task Streams_of_the_client_carry_messages_and_replies()
    {
        await using DrivenClient driven = new();
        ServiceId service = 5;
        using ForwardReceiver requests = driven.Client.Receive(service);
        using ForwardReceiver replies = driven.Client.Receive(service.Reply);
        ForwardStream stream = driven.Client.OpenStream(Self, MessageClass.Reliable, service);
        Task<SendResult> sent = driven.Client.SendAsync(stream, "a"u8.ToArray()).AsTask();
        Assert.That((await driven.Until(sent)).IsAccepted, Is.True);
        await using IAsyncEnumerator<ForwardMessage> reader = requests.ReadAllAsync().GetAsyncEnumerator();
        Assert.That(await driven.Until(reader.MoveNextAsync().AsTask()), Is.True);
        Assert.That((reader.Current.Service, reader.Current.Stream), Is.EqualTo((service, stream.Id)));
        ForwardStream reply = driven.Client.OpenReply(reader.Current);
        Assert.That((await driven.Until(driven.Client.SendAsync(reply, default).AsTask())).IsAccepted, Is.True);
        Assert.That((await driven.Until(driven.Client.EndStreamAsync(stream).AsTask())).IsAccepted, Is.True);
        driven.Client.ResetStream(reply, 7);
        driven.Until(() => replies.Count == 1, "the reply");
        Assert.That(
            () => driven.Client.OpenStream(Self, MessageClass.Reliable, service.Reply),
            Throws.ArgumentException
        );
        Assert.That(() => driven.Client.RequestAsync(Self, service.Reply, default), Throws.ArgumentException);
        Assert.That(() => driven.Client.Listen(service.Reply), Throws.ArgumentException);
    }

    [Test]
    public async Task A_ping_measures_the_path_in_use()
    {
        await using ClientPair pair = new();
        PingResult result = await pair.A.Client.PingAsync(pair.B.Id);
        Assert.That(
            (result.Node, result.Outcome, result.Transport, result.IsPathInUse),
            Is.EqualTo((pair.B.Id, PingOutcome.Answered, TransportKind.Socket, true))
        );
        Assert.That((await pair.A.Client.PingAsync(pair.A.Id)).Outcome, Is.EqualTo(PingOutcome.Answered), "itself");
        ForwardSendException? unknown = await Assert.ThrowsAsync<ForwardSendException>(async () =>
            await pair.A.Client.PingAsync(999)
        );
        Assert.That(unknown!.Status, Is.EqualTo(SendStatus.UnknownNode));
        Assert.That(
            async () => await pair.A.Client.PingAsync(pair.B.Id, TimeSpan.Zero),
            Throws.InstanceOf<ArgumentOutOfRangeException>()
        );
        Assert.That(
            async () => await pair.A.Client.PingAsync(pair.B.Id, cancellationToken: new CancellationToken(true)),
            Throws.InstanceOf<OperationCanceledException>()
        );
    }

    private static void Empty(ForwardClient client) =>
        Assert.That((client.PendingRequests, client.RequestGates), Is.EqualTo((0, 0)), "requests and gates");
}
