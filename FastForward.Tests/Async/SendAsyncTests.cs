using System.Buffers;
using System.Diagnostics;
using FastForward.Transport;

namespace FastForward.Tests.Async;

/// <summary>
/// Sending from any thread: order, waiting, cancellation, limits. Where counts are exact, the test drives the loop.
/// </summary>
[TestFixture]
public sealed class SendAsyncTests
{
    private const uint Self = DrivenClient.Self;

    [Test]
    public async Task Real_time_messages_expire_by_the_budget_of_their_stream_while_the_peer_does_not_read()
    {
        await using ClientPair pair = new(new ForwardClientOptions { RealTimeCapacity = 1 << 20 });
        using ForwardReceiver receiver = pair.B.Client.Receive();
        using ManualResetEventSlim gate = new();
        pair.B.Loop.Post(gate.Wait);
        long accepted = 0;
        try
        {
            ForwardStream stream = pair.A.Client.OpenStream(pair.B.Id, MessageClass.RealTime);
            stream.RealTimeBudget = TimeSpan.FromMilliseconds(20);
            while (Reported() == 0)
            {
                for (int i = 0; i < 20; i++, accepted++)
                    Assert.That((await pair.A.Client.SendAsync(stream, new byte[1000])).IsAccepted, Is.True);
            }
        }
        finally
        {
            gate.Set();
        }

        Eventually.True(
            () => receiver.Count + Reported() + Late() == accepted,
            () => $"{accepted} accepted, {receiver.Count} arrived, {Reported()} reported, {Late()} too late"
        );

        long Late() => pair.B.Node.Statistics.LateMessages;

        long Reported()
        {
            lock (pair.A.Reports)
                return pair.A.Reports.Sum(static report => (long)report.Count);
        }
    }

    [Test]
    public async Task The_budget_of_a_real_time_message_counts_from_the_call()
    {
        await using DrivenClient driven = new();
        using ForwardReceiver receiver = driven.Client.Receive();
        List<Undelivered> reports = [];
        driven.Client.Undelivered += reports.Add;
        ForwardStream stream = driven.Client.OpenStream(Self, MessageClass.RealTime);
        stream.RealTimeBudget = TimeSpan.FromMilliseconds(1);
        Task<SendResult> send = driven.Client.SendAsync(stream, "x"u8.ToArray()).AsTask();
        long called = Stopwatch.GetTimestamp();
        SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(called) >= TimeSpan.FromMilliseconds(1));
        Assert.That((await driven.Until(send)).IsAccepted, Is.True);
        driven.Until(() => reports.Count == 1, "reported");
        Assert.That(reports, Is.EqualTo(new[] { new Undelivered(Self, stream.Id, 0, 1, UndeliveredReason.Expired) }));
        Assert.That(receiver.Count, Is.Zero);
    }

    [Test]
    public async Task A_send_completes_when_the_node_has_accepted_it()
    {
        await using DrivenClient driven = new();
        Task<SendResult> send = driven.Client.SendAsync(Self, 7, MessageClass.Reliable, "x"u8.ToArray()).AsTask();
        Assert.That(send.IsCompleted, Is.False, "the loop has not seen it");
        driven.Loop.DoWork();
        Assert.That(await driven.Until(send), Is.EqualTo(new SendResult(SendStatus.Accepted, 0)));
        Assert.That(driven.Client.PendingSends, Is.Zero);
    }

    [TestCase(999u, MessageClass.Reliable, 1, SendStatus.UnknownNode)]
    [TestCase(Self, MessageClass.RealTime, 1101, SendStatus.TooLarge)]
    [TestCase(Self, MessageClass.Reliable, 65_537, SendStatus.TooLarge)]
    public async Task A_send_that_the_node_refuses_returns_its_status(
        uint node,
        MessageClass messageClass,
        int size,
        SendStatus expected
    )
    {
        await using DrivenClient driven = new();
        Task<SendResult> send = driven.Client.SendAsync(node, 7, messageClass, new byte[size]).AsTask();
        Assert.That((await driven.Until(send)).Status, Is.EqualTo(expected));
    }

    [Test]
    public async Task Sends_wait_in_order_under_back_pressure_and_continue_when_messages_are_read()
    {
        await using DrivenClient driven = new();
        using ForwardReceiver receiver = driven.Client.Receive();
        List<Task<SendResult>> sends = [];
        for (int i = 0; i < 100; i++)
            sends.Add(driven.Client.SendAsync(Self, 7, MessageClass.Reliable, Numbered(i, 60_000)).AsTask());
        driven.Until(() => driven.Client.PendingSends < 100, "some accepted");
        driven.Cycle();
        int waiting = driven.Client.PendingSends;
        Assert.That(waiting, Is.GreaterThan(0));
        Assert.That(receiver.Count, Is.EqualTo(100 - waiting), "what is accepted waits to be read");
        Assert.That(driven.Client.OutstandingMessages, Is.EqualTo(100 - waiting));

        int expected = 0;
        await using IAsyncEnumerator<ForwardMessage> reader = receiver.ReadAllAsync().GetAsyncEnumerator();
        while (expected < 100)
        {
            Assert.That(await driven.Until(reader.MoveNextAsync().AsTask()), Is.True);
            Assert.That(BitConverter.ToInt32(reader.Current.Payload.Span), Is.EqualTo(expected));
            Assert.That(reader.Current.Sequence, Is.EqualTo((ulong)expected++));
        }

        for (int i = 0; i < 100; i++)
            Assert.That((await driven.Until(sends[i])).Sequence, Is.EqualTo((ulong)i));
    }

    [Test]
    public async Task A_cancelled_send_is_not_sent_and_frees_its_slot()
    {
        await using DrivenClient driven = new();
        using ForwardReceiver receiver = driven.Client.Receive();
        using CancellationTokenSource before = new();
        Task<SendResult> unseen = driven
            .Client.SendAsync(Self, 1, MessageClass.Reliable, "a"u8.ToArray(), cancellationToken: before.Token)
            .AsTask();
        before.Cancel();
        Assert.That(async () => await unseen, Throws.InstanceOf<OperationCanceledException>());
        driven.Cycle();
        Assert.That(receiver.Count, Is.Zero);

        await Fill(driven);
        using CancellationTokenSource waiting = new();
        Task<SendResult> first = driven
            .Client.SendAsync(Self, 7, MessageClass.Reliable, new byte[65_536], cancellationToken: waiting.Token)
            .AsTask();
        Task<SendResult> second = driven.Client.SendAsync(Self, 7, MessageClass.Reliable, "b"u8.ToArray()).AsTask();
        driven.Cycle();
        Assert.That(driven.Client.PendingSends, Is.EqualTo(2));
        waiting.Cancel();
        Assert.That(async () => await first, Throws.InstanceOf<OperationCanceledException>());
        Assert.That((await driven.Until(second)).IsAccepted, Is.True, "the small one behind it has room");
        Assert.That(driven.Client.PendingSends, Is.Zero);
    }

    [Test]
    public async Task A_cancellation_after_the_acceptance_changes_nothing()
    {
        await using DrivenClient driven = new();
        using CancellationTokenSource cancel = new();
        Task<SendResult> send = driven
            .Client.SendAsync(Self, 7, MessageClass.Reliable, "x"u8.ToArray(), cancellationToken: cancel.Token)
            .AsTask();
        driven.Loop.DoWork();
        cancel.Cancel();
        Assert.That((await driven.Until(send)).IsAccepted, Is.True);
    }

    [Test]
    public async Task Above_the_limit_of_pending_sends_BackPressured_is_returned_at_once()
    {
        await using DrivenClient driven = new(new ForwardClientOptions { MaxPendingSends = 10 });
        List<Task<SendResult>> sends = [];
        for (int i = 0; i < 10; i++)
            sends.Add(driven.Client.SendAsync(Self, 7, MessageClass.Reliable, new byte[10]).AsTask());
        ValueTask<SendResult> surplus = driven.Client.SendAsync(Self, 7, MessageClass.Reliable, new byte[10]);
        Assert.That(surplus.IsCompleted, Is.True);
        Assert.That((await surplus).Status, Is.EqualTo(SendStatus.BackPressured));
        driven.Cycle();
        foreach (Task<SendResult> send in sends)
            Assert.That((await driven.Until(send)).IsAccepted, Is.True);
    }

    [Test]
    public async Task Reading_a_result_too_early_has_no_side_effect()
    {
        await using DrivenClient driven = new();
        using ForwardReceiver receiver = driven.Client.Receive();
        ValueTask<SendResult> early = driven.Client.SendAsync(Self, 7, MessageClass.Reliable, "x"u8.ToArray());
#pragma warning disable CA2012 // This misuse is the subject.
        Assert.That(() => early.GetAwaiter().GetResult(), Throws.InvalidOperationException);
#pragma warning restore CA2012
        driven.Loop.DoWork();
        Assert.That(early.IsCompletedSuccessfully, Is.True);
        Assert.That(await early, Is.EqualTo(new SendResult(SendStatus.Accepted, 0)));
        for (ulong i = 1; i < 10; i++)
            Assert.That(
                await driven.Until(driven.Client.SendAsync(Self, 7, MessageClass.Reliable, "x"u8.ToArray()).AsTask()),
                Is.EqualTo(new SendResult(SendStatus.Accepted, i))
            );
    }

    [Test]
    public async Task Memory_that_throws_fails_only_its_own_send()
    {
        await using DrivenClient driven = new();
        using BrokenMemory memory = new();
        Task<SendResult> broken = driven.Client.SendAsync(Self, 7, MessageClass.Reliable, memory.Memory).AsTask();
        Task<SendResult> sound = driven.Client.SendAsync(Self, 7, MessageClass.Reliable, "x"u8.ToArray()).AsTask();
        Assert.That(await driven.Until(sound), Is.EqualTo(new SendResult(SendStatus.Accepted, 0)));
        Assert.That(async () => await broken, Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(driven.Client.PendingSends, Is.Zero);
    }

    [Test]
    public async Task Unread_local_streams_do_not_block_other_streams()
    {
        await using DrivenClient driven = new();
        using ForwardReceiver unread = driven.Client.Receive();
        using ForwardReceiver other = driven.Client.Receive(5);
        for (ulong stream = 0; stream < 10; stream++)
        {
            for (int i = 0; i < 4; i++)
                Assert.That(
                    driven.Node.Send(Self, stream, MessageClass.Reliable, new byte[60_000]).IsAccepted,
                    Is.True
                );
            driven.Cycle();
        }

        Assert.That(unread.Count, Is.EqualTo(40));
        List<ulong> fillers = [];
        driven.Loop.Post(() =>
        {
            // Temporarily uses the rest of the store.
            ulong next = 5ul << 48;
            do
            {
                fillers.Add(++next);
            } while (Fill(next));
        });
        Task<SendResult> send = driven
            .Client.SendAsync(Self, 5ul << 48, MessageClass.Reliable, new byte[60_000])
            .AsTask();
        driven.Loop.DoWork();
        Assert.That(driven.Client.PendingSends, Is.EqualTo(1), "there is no room at this moment");
        foreach (ulong filler in fillers)
            driven.Node.ResetStream(Self, filler, 0);
        Assert.That((await driven.Until(send)).IsAccepted, Is.True);

        bool Fill(ulong stream)
        {
            for (int i = 0; i < 4; i++)
            {
                if (!driven.Node.Send(Self, stream, MessageClass.Reliable, new byte[60_000]).IsAccepted)
                    return false;
            }

            return true;
        }
    }

    [Test]
    public async Task Waiting_for_room_allocates_nothing()
    {
        await using DrivenClient driven = new();
        using ForwardReceiver receiver = driven.Client.Receive();
        await using IAsyncEnumerator<ForwardMessage> reader = receiver.ReadAllAsync().GetAsyncEnumerator();
        byte[] payload = new byte[60_000];
        for (int i = 0; i < 4; i++)
            Assert.That(driven.Node.Send(Self, 7, MessageClass.Reliable, payload).IsAccepted, Is.True);
        driven.Cycle();
        Rounds(500);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Rounds(5_000);
        Assert.That(
            GC.GetAllocatedBytesForCurrentThread() - before,
            Is.LessThan(10_000),
            "less than a byte for each of the messages"
        );

        void Rounds(int count)
        {
            for (int i = 0; i < count; i++)
            {
                ValueTask<SendResult> first = driven.Client.SendAsync(Self, 7, MessageClass.Reliable, payload);
                ValueTask<SendResult> second = driven.Client.SendAsync(Self, 7, MessageClass.Reliable, payload);
                driven.Loop.DoWork();
                if (first.IsCompleted || driven.Client.PendingSends != 2)
                    Assert.Fail("both wait for room");
                for (int read = 0; read < 2; read++)
                {
                    ValueTask<bool> next = reader.MoveNextAsync();
                    if (!next.IsCompleted || !next.Result)
                        Assert.Fail("not received");
                }

                reader.Current.Dispose();
                driven.Cycle();
                if (!first.IsCompleted || !first.Result.IsAccepted || !second.IsCompleted || !second.Result.IsAccepted)
                    Assert.Fail("not accepted");
            }
        }
    }

    [Test]
    public async Task The_end_of_a_stream_is_sent_after_pending_sends()
    {
        await using DrivenClient driven = new();
        using ForwardReceiver receiver = driven.Client.Receive();
        await Fill(driven);
        Task<SendResult> last = driven.Client.SendAsync(Self, 7, MessageClass.Reliable, new byte[65_536]).AsTask();
        Task<SendResult> end = driven.Client.EndStreamAsync(Self, 7).AsTask();
        driven.Cycle();
        Assert.That(driven.Client.PendingSends, Is.EqualTo(2));
        await using IAsyncEnumerator<ForwardMessage> reader = receiver.ReadAllAsync().GetAsyncEnumerator();
        while (!end.IsCompleted)
            await driven.Until(reader.MoveNextAsync().AsTask());
        Assert.That((await driven.Until(last)).IsAccepted, Is.True);
        Assert.That((await driven.Until(end)).Status, Is.EqualTo(SendStatus.Accepted));
    }

    [Test]
    public async Task A_reset_completes_pending_sends()
    {
        await using DrivenClient driven = new();
        using ForwardReceiver receiver = driven.Client.Receive();
        await Fill(driven);
        Task<SendResult> waiting = driven.Client.SendAsync(Self, 7, MessageClass.Reliable, new byte[65_536]).AsTask();
        driven.Cycle();
        driven.Client.ResetStream(Self, 7, 5);
        Assert.That((await driven.Until(waiting)).Status, Is.EqualTo(SendStatus.StreamEnded));
    }

    [Test]
    public async Task Disposing_the_client_completes_pending_and_later_sends()
    {
        DrivenClient driven = new();
        using ForwardReceiver receiver = driven.Client.Receive();
        await Fill(driven);
        Task<SendResult> waiting = driven.Client.SendAsync(Self, 7, MessageClass.Reliable, new byte[65_536]).AsTask();
        driven.Cycle();
        Task<SendResult> unseen = driven.Client.SendAsync(Self, 8, MessageClass.Reliable, new byte[1]).AsTask();
        await driven.Client.DisposeAsync();
        Assert.That((await driven.Until(waiting)).Status, Is.EqualTo(SendStatus.Stopping));
        Assert.That((await driven.Until(unseen)).Status, Is.EqualTo(SendStatus.Stopping));
        Assert.That(
            (await driven.Client.SendAsync(Self, 9, MessageClass.Reliable, new byte[1])).Status,
            Is.EqualTo(SendStatus.Stopping)
        );
        Assert.That(() => driven.Client.Receive(3), Throws.InstanceOf<ObjectDisposedException>());
        await driven.DisposeAsync();
    }

    [Test]
    public void Misuse_throws()
    {
        ForwardClient client = new();
        Assert.That(
            () => client.SendAsync(1, 1, MessageClass.Reliable, default),
            Throws.InvalidOperationException.With.Message.Contains("Attach")
        );
        Assert.That(
            () => new ForwardClient(new ForwardClientOptions { MaxPendingSends = 0 }),
            Throws.ArgumentException.With.Message.Contains("MaxPendingSends")
        );
        Assert.That(() => client.Listen(new ServiceId(5).Reply), Throws.InstanceOf<ArgumentException>());
        using ForwardReceiver receiver = client.Receive(5);
        Assert.That(() => client.Listen(5), Throws.ArgumentException.With.Message.Contains("Service 5 "));
    }

    [Test]
    public async Task Many_threads_send_at_once_and_each_stream_keeps_its_order()
    {
        const int Senders = 8,
            Messages = 2_000;
        await using ClientPair pair = new();
        using ForwardReceiver receiver = pair.B.Client.Receive();
        Task[] senders =
        [
            .. Enumerable
                .Range(0, Senders)
                .Select(stream =>
                    Task.Run(async () =>
                    {
                        for (int i = 0; i < Messages; i++)
                        {
                            SendResult result = await pair.A.Client.SendAsync(
                                pair.B.Id,
                                (ulong)stream,
                                MessageClass.Reliable,
                                BitConverter.GetBytes(i)
                            );
                            Assert.That(result, Is.EqualTo(new SendResult(SendStatus.Accepted, (ulong)i)));
                        }
                    })
                ),
        ];
        int[] expected = new int[Senders];
        int count = 0;
        await foreach (ForwardMessage message in receiver.ReadAllAsync())
        {
            Assert.That(BitConverter.ToInt32(message.Payload.Span), Is.EqualTo(expected[message.Stream]++));
            if (++count == Senders * Messages)
                break;
        }

        Eventually.Ends(Task.WhenAll(senders), "all sends");
    }

    [Test]
    public async Task Cancellations_at_any_time_lose_and_repeat_no_message()
    {
        await using ClientPair pair = new();
        using ForwardReceiver receiver = pair.B.Client.Receive();
        Random random = new(5);
        List<int> accepted = [];
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < 2_000; i++)
            {
                using CancellationTokenSource cancel = new();
                Task<SendResult> send = pair
                    .A.Client.SendAsync(
                        pair.B.Id,
                        1,
                        MessageClass.Reliable,
                        Numbered(i, 20_000),
                        cancellationToken: cancel.Token
                    )
                    .AsTask();
                if (random.Next(2) == 0)
                    Thread.SpinWait(random.Next(20_000));
                cancel.Cancel();
                try
                {
                    if ((await send).IsAccepted)
                        accepted.Add(i);
                }
                catch (OperationCanceledException) { }
            }

            Assert.That(
                (
                    await pair.A.Client.SendAsync(pair.B.Id, 1, MessageClass.Reliable, Numbered(-1, 4), SendOptions.End)
                ).IsAccepted,
                Is.True
            );
        });
        List<int> received = [];
        await foreach (ForwardMessage message in receiver.ReadAllAsync())
        {
            received.Add(BitConverter.ToInt32(message.Payload.Span));
            if (message.IsLast)
                break;
        }

        Eventually.Ends(sending, "all sends");
        Assert.That(received, Is.EqualTo(accepted.Append(-1)));
        Assert.That(pair.A.Client.PendingSends, Is.Zero);
    }

    // Emulates memory that its owner has already released.
    private sealed class BrokenMemory : MemoryManager<byte>
    {
        public override Memory<byte> Memory => CreateMemory(10);

        public override Span<byte> GetSpan() => throw new ObjectDisposedException(nameof(BrokenMemory));

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin() => throw new NotSupportedException();

        protected override void Dispose(bool disposing) { }
    }

    private static byte[] Numbered(int number, int size)
    {
        byte[] payload = new byte[size];
        BitConverter.TryWriteBytes(payload, number);
        return payload;
    }

    // Fills the credit of stream 7, which has no reader: the next long message must wait.
    private static async Task Fill(DrivenClient driven)
    {
        for (int i = 0; i < 4; i++)
            Assert.That(
                (
                    await driven.Until(
                        driven.Client.SendAsync(Self, 7, MessageClass.Reliable, new byte[60_000]).AsTask()
                    )
                ).IsAccepted,
                Is.True
            );
        driven.Cycle();
    }
}
