using FastForward.Transport;
using FastForward.Transport.Async;

namespace FastForward.Tests.Async;

/// <summary>
/// Receiving messages: lifetime, back-pressure on the sender, dropping of real-time messages, completion.
/// </summary>
[TestFixture]
public sealed class ReceiverTests
{
    private const uint Self = DrivenClient.Self;

    [Test]
    public async Task A_message_is_valid_until_the_next_one_and_later_use_throws()
    {
        await using DrivenClient driven = new();
        using ForwardReceiver receiver = driven.Client.Receive(3);
        for (int i = 0; i < 3; i++)
            driven.Node.Send(Self, (3ul << 48) + 9, MessageClass.Reliable, [(byte)i]);
        driven.Cycle();
        await using IAsyncEnumerator<ForwardMessage> reader = receiver.ReadAllAsync().GetAsyncEnumerator();
        Assert.That(await reader.MoveNextAsync(), Is.True);
        ForwardMessage first = reader.Current;
        Assert.That(
            (first.Node, first.Stream, first.Sequence, first.Class, first.IsLast),
            Is.EqualTo((Self, (3ul << 48) + 9, 0ul, MessageClass.Reliable, false))
        );
        Assert.That(await reader.MoveNextAsync(), Is.True);
        Assert.That(() => first.Payload, Throws.InstanceOf<ObjectDisposedException>().With.Message.Contains("Copy"));

        ForwardMessage second = reader.Current;
        second.Dispose();
        second.Dispose();
        Assert.That(() => second.Node, Throws.InstanceOf<ObjectDisposedException>());
        driven.Cycle();
        Assert.That(driven.Client.OutstandingMessages, Is.EqualTo(1), "the third waits; the second came back once");
        Assert.That(await reader.MoveNextAsync(), Is.True);
        Assert.That(reader.Current.Payload.ToArray(), Is.EqualTo(new byte[] { 2 }));
        Assert.That(() => default(ForwardMessage).Payload, Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task A_slow_reader_makes_the_sender_wait_and_memory_stays_bounded()
    {
        await using ClientPair pair = new();
        using ForwardReceiver receiver = pair.B.Client.Receive();
        const int Messages = 2_000,
            Size = 10_000 - 32;
        const int PerStream = (256 << 10) / 10_000;
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < Messages; i++)
                Assert.That(
                    (
                        await pair.A.Client.SendAsync(
                            pair.B.Id,
                            1,
                            MessageClass.Reliable,
                            new byte[Size],
                            i == Messages - 1 ? SendOptions.End : SendOptions.None
                        )
                    ).IsAccepted,
                    Is.True
                );
        });
        Eventually.True(
            () => receiver.Count == PerStream && pair.A.Client.PendingSends == 1,
            () => $"{receiver.Count} messages wait to be read, {pair.A.Client.PendingSends} to be sent"
        );
        Eventually.True(() => pair.A.StoredFor(pair.B.Id) == 0, () => "all acknowledged");
        Assert.That(receiver.Count, Is.EqualTo(PerStream));

        int count = 0,
            most = 0;
        await foreach (ForwardMessage message in receiver.ReadAllAsync())
        {
            Assert.That(message.Sequence, Is.EqualTo((ulong)count++));
            most = Math.Max(most, receiver.Count);
            if (message.IsLast)
                break;
        }

        Assert.That(count, Is.EqualTo(Messages));
        Assert.That(most, Is.LessThanOrEqualTo(PerStream));
        Eventually.Ends(sending, "all sends");
    }

    [Test]
    public async Task The_oldest_real_time_messages_are_dropped_counted_and_reported()
    {
        await using DrivenClient driven = new(new ForwardClientOptions { RealTimeCapacity = 10 });
        using ForwardReceiver receiver = driven.Client.Receive();
        for (int i = 0; i < 25; i++)
            driven.Node.Send(Self, 1, MessageClass.RealTime, [(byte)i]);
        driven.Cycle();
        Assert.That(receiver.Count, Is.EqualTo(10));
        Assert.That(receiver.DroppedMessages, Is.EqualTo(15));
        Assert.That(driven.Client.OutstandingMessages, Is.EqualTo(10));
        await using IAsyncEnumerator<ForwardMessage> reader = receiver.ReadAllAsync().GetAsyncEnumerator();
        for (int i = 15; i < 25; i++)
        {
            Assert.That(await reader.MoveNextAsync(), Is.True);
            Assert.That(reader.Current.Sequence, Is.EqualTo((ulong)i));
            Assert.That(reader.Current.DroppedBefore, Is.EqualTo(i == 15 ? 15 : 0));
        }
    }

    [Test]
    public async Task Messages_lost_on_the_network_are_reported_apart_from_dropped_ones()
    {
        await using DrivenClient driven = new(new ForwardClientOptions { RealTimeCapacity = 1 });
        using ForwardReceiver receiver = driven.Client.Receive();
        IForwardHandler handler = driven.Client;
        foreach (ulong sequence in new ulong[] { 3, 4 })
        {
            handler.OnMessage(
                new ReceivedMessage
                {
                    Node = Self,
                    Stream = 1,
                    Class = MessageClass.RealTime,
                    Sequence = sequence,
                    SkippedBefore = sequence == 4 ? 0u : 3u,
                    Payload = default,
                }
            );
        }

        handler.OnMessage(
            new ReceivedMessage
            {
                Node = Self,
                Stream = 1,
                Class = MessageClass.RealTime,
                Sequence = 7,
                SkippedBefore = 2,
                Payload = default,
            }
        );
        await using IAsyncEnumerator<ForwardMessage> reader = receiver.ReadAllAsync().GetAsyncEnumerator();
        Assert.That(await reader.MoveNextAsync(), Is.True);
        ForwardMessage message = reader.Current;
        Assert.That((message.Sequence, message.SkippedBefore, message.DroppedBefore), Is.EqualTo((7ul, 2ul, 2L)));
    }

    [Test]
    public async Task Both_classes_are_read_in_order_of_arrival()
    {
        await using DrivenClient driven = new();
        using ForwardReceiver receiver = driven.Client.Receive();
        for (byte i = 0; i < 20; i++)
        {
            driven.Node.Send(
                Self,
                i % 3 == 0 ? 1ul : 2ul,
                i % 3 == 0 ? MessageClass.RealTime : MessageClass.Reliable,
                [i]
            );
            driven.Cycle(); // a frame has its real-time messages first
        }

        await using IAsyncEnumerator<ForwardMessage> reader = receiver.ReadAllAsync().GetAsyncEnumerator();
        for (byte i = 0; i < 20; i++)
        {
            Assert.That(await reader.MoveNextAsync(), Is.True);
            Assert.That(reader.Current.Payload.ToArray(), Is.EqualTo(new[] { i }));
        }
    }

    [Test]
    public async Task Both_classes_are_read_in_order_of_arrival_while_they_arrive()
    {
        const int Count = 300_000;
        await using ForwardClient client = new();
        using ForwardReceiver receiver = new(client, default, realTimeCapacity: 1 << 20);
        MessageSlots slots = new(static () => { });
        Task adding = Task.Run(() =>
        {
            for (int i = 0; i < Count; i++)
                receiver.Add(
                    new MessageSlot(slots)
                    {
                        Sequence = (ulong)i,
                        Class = i % 2 == 0 ? MessageClass.Reliable : MessageClass.RealTime,
                    }
                );
        });
        ulong expected = 0;
        while (expected < Count && await receiver.NextAsync(CancellationToken.None) is { } message)
        {
            Assert.That(message.Sequence, Is.EqualTo(expected++));
            message.Dispose();
        }

        Eventually.Ends(adding, "all added");
    }

    [Test]
    public async Task A_receive_can_be_cancelled_and_the_next_one_continues()
    {
        await using DrivenClient driven = new();
        using ForwardReceiver receiver = driven.Client.Receive();
        for (int round = 0; round < 100; round++)
        {
            using CancellationTokenSource cancel = new();
            Task<int> reading = Task.Run(async () =>
            {
                await foreach (ForwardMessage message in receiver.ReadAllAsync(cancel.Token))
                    return message.Payload.Span[0];
                return -1;
            });
            if (round % 2 == 0)
            {
                cancel.Cancel();
                Assert.That(async () => await reading, Throws.InstanceOf<OperationCanceledException>());
                continue;
            }

            driven.Node.Send(Self, 1, MessageClass.Reliable, [(byte)round]);
            Assert.That(
                await driven.Until(reading),
                Is.EqualTo(round),
                "the abandoned enumeration gave its message back"
            );
        }

        driven.Cycle();
        Assert.That(driven.Client.OutstandingMessages, Is.Zero);
    }

    [Test]
    public async Task A_concurrent_second_reader_throws()
    {
        await using DrivenClient driven = new();
        using ForwardReceiver receiver = driven.Client.Receive();
        await using IAsyncEnumerator<ForwardMessage> first = receiver.ReadAllAsync().GetAsyncEnumerator();
        ValueTask<bool> waiting = first.MoveNextAsync();
        await using IAsyncEnumerator<ForwardMessage> second = receiver.ReadAllAsync().GetAsyncEnumerator();
        Assert.That(async () => await second.MoveNextAsync(), Throws.InvalidOperationException);
        driven.Node.Send(Self, 1, MessageClass.Reliable, "x"u8);
        Assert.That(await driven.Until(waiting.AsTask()), Is.True);
    }

    [Test]
    public async Task A_disposed_receiver_returns_its_credit_and_refuses_further_messages()
    {
        await using DrivenClient driven = new();
        List<Undelivered> reports = [];
        driven.Client.Undelivered += reports.Add;
        ForwardReceiver receiver = driven.Client.Receive();
        Task<int> reading = Task.Run(async () =>
        {
            int count = 0;
            await foreach (ForwardMessage message in receiver.ReadAllAsync())
                count++;
            return count;
        });
        for (int i = 0; i < 5; i++)
            driven.Node.Send(Self, 1, MessageClass.Reliable, new byte[100]);
        driven.Node.Send(Self, 2, MessageClass.RealTime, new byte[100]);
        driven.Cycle();
        receiver.Dispose();
        receiver.Dispose();
        Assert.That(await driven.Until(reading), Is.LessThanOrEqualTo(6));
        driven.Cycle();
        Assert.That(driven.Client.OutstandingMessages, Is.Zero);
        Assert.That(receiver.Count, Is.Zero);

        driven.Node.Send(Self, 1, MessageClass.Reliable, "nobody"u8);
        driven.Node.Send(Self, 1, MessageClass.Reliable, "reads this"u8);
        driven.Cycle();
        Assert.That(driven.Client.UnclaimedMessages, Is.EqualTo(1));
        Assert.That(reports, Is.EqualTo(new[] { new Undelivered(Self, 1, 5, 2, UndeliveredReason.StreamReset) }));
        Assert.That(driven.Node.Send(Self, 1, MessageClass.Reliable, "x"u8).Status, Is.EqualTo(SendStatus.StreamEnded));
    }

    [Test]
    public async Task Readers_complete_with_the_client_after_received_messages()
    {
        DrivenClient driven = new();
        ForwardReceiver receiver = driven.Client.Receive();
        for (int i = 0; i < 5; i++)
            driven.Node.Send(Self, 1, MessageClass.Reliable, new byte[100]);
        driven.Cycle();
        await driven.DisposeAsync();
        int count = 0;
        await foreach (ForwardMessage message in receiver.ReadAllAsync())
            count++;
        Assert.That(count, Is.EqualTo(5));
    }

    [Test]
    public async Task The_last_message_is_read_before_the_completion()
    {
        for (int round = 0; round < 200; round++)
        {
            DrivenClient driven = new();
            ForwardReceiver receiver = driven.Client.Receive();
            Task<int> reading = Task.Run(async () =>
            {
                int count = 0;
                await foreach (ForwardMessage message in receiver.ReadAllAsync())
                    count++;
                return count;
            });
            Thread.SpinWait(round * 20);
            driven.Node.Send(Self, 1, MessageClass.Reliable, "last"u8);
            driven.Loop.DoWork();
            await driven.DisposeAsync();
            Eventually.Ends(reading, "the reader");
            Assert.That(await reading, Is.EqualTo(1));
        }
    }

    [Test]
    public async Task Disposal_at_any_moment_ends_the_reader_and_leaks_nothing()
    {
        await using ClientPair pair = new();
        for (int round = 0; round < 50; round++)
        {
            ServiceId service = new((ushort)(round + 1));
            ForwardReceiver receiver = pair.B.Client.Receive(service);
            Task reading = Task.Run(async () =>
            {
                await foreach (ForwardMessage message in receiver.ReadAllAsync())
                    message.Dispose();
            });
            Task sending = Task.Run(async () =>
            {
                while (
                    (
                        await pair.A.Client.SendAsync(
                            pair.B.Id,
                            service.StreamWith(0),
                            MessageClass.Reliable,
                            new byte[1000]
                        )
                    ).IsAccepted
                ) { }
            });
            Thread.SpinWait(round * 5_000);
            receiver.Dispose();
            Eventually.Ends(reading, "the reader");
            Eventually.Ends(sending, "the sender, which is notified");
        }

        Eventually.True(
            () => pair.B.OnLoop(() => pair.B.Client.OutstandingMessages) == 0,
            () => "all messages came back"
        );
    }

    [Test]
    public async Task Nothing_is_allocated_per_message()
    {
        await using DrivenClient driven = new();
        using ForwardReceiver receiver = driven.Client.Receive();
        await using IAsyncEnumerator<ForwardMessage> reader = receiver.ReadAllAsync().GetAsyncEnumerator();
        byte[] payload = new byte[100];
        Round(2_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Round(20_000);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.That(
            allocated,
            Is.LessThan(20_000),
            "less than one byte a message: queues grow now and then, messages do not"
        );

        void Round(int count)
        {
            for (int i = 0; i < count; i++)
            {
                ValueTask<SendResult> send = driven.Client.SendAsync(Self, 1, MessageClass.Reliable, payload);
                driven.Loop.DoWork();
                driven.Loop.DoWork();
                if (!send.IsCompleted || !send.Result.IsAccepted)
                    Assert.Fail("not accepted");
                ValueTask<bool> read = reader.MoveNextAsync();
                if (!read.IsCompleted || !read.Result)
                    Assert.Fail("not received");
                driven.Loop.DoWork();
            }
        }
    }
}
