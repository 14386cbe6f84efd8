using System.Buffers;
using System.IO.Pipelines;
using FastForward.Transport;

namespace FastForward.Tests.Async;

/// <summary>
/// Pipes between two nodes over real sockets and threads: content, back-pressure, both directions, failures.
/// </summary>
[TestFixture]
public sealed class PipeTests
{
    private const uint Code = ForwardPipeException.FirstApplicationCode + 7;

    private const byte Service = 42;
    private const int StreamCredit = 256 << 10;

    [Test]
    public async Task Bytes_flow_both_ways_and_each_direction_ends_independently()
    {
        await using ClientPair pair = new();
        (ForwardPipe near, ForwardPipe far) = await Connect(pair);
        Assert.That(
            (near.Node, far.Node, near.Service, far.Service),
            Is.EqualTo((pair.B.Id, pair.A.Id, new ServiceId(Service), new ServiceId(Service)))
        );
        await near.Output.WriteAsync("a question"u8.ToArray());
        await near.Output.CompleteAsync();
        Assert.That(await ReadToEnd(far.Input), Is.EqualTo("a question"u8.ToArray()));
        await far.Output.WriteAsync("an answer"u8.ToArray());
        await far.Output.CompleteAsync();
        Assert.That(await ReadToEnd(near.Input), Is.EqualTo("an answer"u8.ToArray()));
        await near.DisposeAsync();
        await far.DisposeAsync();
        Eventually.True(
            () =>
                pair.A.OnLoop(() => pair.A.Client.PipeCount) == 0 && pair.B.OnLoop(() => pair.B.Client.PipeCount) == 0,
            () => "both sides have forgotten it"
        );
    }

    [Test]
    public async Task A_hundred_mebibytes_arrive_intact_in_bounded_memory_with_a_slow_reader()
    {
        const long Total = 100 << 20;
        await using ClientPair pair = new();
        (ForwardPipe near, ForwardPipe far) = await Connect(pair);
        Task writing = Task.Run(async () =>
        {
            Random random = new(1);
            byte[] large = new byte[200_000];
            long sent = 0;
            while (sent < Total)
            {
                int length = (int)Math.Min(random.Next(1, large.Length), Total - sent);
                if (random.Next(2) == 0)
                {
                    Fill(large.AsSpan(0, length), sent);
                    Assert.That((await near.Output.WriteAsync(large.AsMemory(0, length))).IsCompleted, Is.False);
                }
                else
                {
                    length = Math.Min(length, 20_000);
                    Fill(near.Output.GetSpan(length)[..length], sent);
                    near.Output.Advance(length);
                    Assert.That(near.Output.UnflushedBytes, Is.EqualTo(length));
                    await near.Output.FlushAsync();
                }

                sent += length;
            }

            await near.Output.CompleteAsync();
        });

        // Without a reader, the sender has as many bytes in flight as the credit allows, and then waits.
        Eventually.True(
            () => pair.A.Client.PendingSends == 1 && pair.A.StoredFor(pair.B.Id) == 0 && far.Held > StreamCredit / 2,
            () => $"{far.Held} bytes wait to be read"
        );
        long read = 0,
            most = 0;
        byte[] expected = new byte[1 << 20];
        Random slow = new(2);
        while (true)
        {
            ReadResult result = await far.Input.ReadAsync();
            most = Math.Max(most, far.Held);
            SequencePosition to = result.Buffer.End;
            // Sometimes consumes only a part; all of it was examined.
            if (slow.Next(4) == 0)
                to = result.Buffer.GetPosition(slow.NextInt64(result.Buffer.Length));
            ReadOnlySequence<byte> taken = result.Buffer.Slice(0, to);
            foreach (ReadOnlyMemory<byte> segment in taken)
            {
                Fill(expected.AsSpan(0, segment.Length), read);
                if (!segment.Span.SequenceEqual(expected.AsSpan(0, segment.Length)))
                    Assert.Fail($"Bytes at {read} are wrong.");
                read += segment.Length;
            }

            bool isAll = taken.Length == result.Buffer.Length;
            far.Input.AdvanceTo(to, isAll ? result.Buffer.End : to);
            if (slow.Next(50) == 0)
                Thread.Yield();
            if (result.IsCompleted && isAll)
                break;
        }

        Assert.That(read, Is.EqualTo(Total));
        Assert.That(most, Is.LessThanOrEqualTo(StreamCredit));
        Eventually.Ends(writing, "the writer");
    }

    [Test]
    public async Task A_reader_that_examines_everything_and_consumes_nothing_makes_progress()
    {
        await using ClientPair pair = new();
        (ForwardPipe near, ForwardPipe far) = await Connect(pair);
        Task<FlushResult> writing = near.Output.WriteAsync(new byte[1 << 20]).AsTask();
        while (true)
        {
            ReadResult result = await far.Input.ReadAsync();
            if (result.Buffer.Length == 1 << 20)
                break;
            far.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }

        Eventually.Ends(writing, "the writer");
    }

    [Test]
    public async Task Many_pipes_at_once_do_not_mix_and_unread_ones_do_not_stop_the_others()
    {
        await using ClientPair pair = new();
        using ForwardPipeListener listener = pair.B.Client.Listen(Service);
        List<Task> echoes = [];
        Task serving = Task.Run(async () =>
        {
            await foreach (ForwardPipe pipe in listener.AcceptAllAsync())
                echoes.Add(Echo(pipe));
        });
        List<ForwardPipe> unread = [];
        for (int i = 0; i < 8; i++)
        {
            ForwardPipe pipe = await pair.A.Client.ConnectPipeAsync(pair.B.Id, Service);
            unread.Add(pipe);
            // Neither the responses nor, later, the requests are read any longer.
            _ = pipe.Output.WriteAsync(new byte[700_000]).AsTask();
        }

        Task[] talking =
        [
            .. Enumerable
                .Range(0, 60)
                .Select(number =>
                    Task.Run(async () =>
                    {
                        await using ForwardPipe pipe = await pair.A.Client.ConnectPipeAsync(pair.B.Id, Service);
                        byte[] question = new byte[20_000 + number];
                        new Random(number).NextBytes(question);
                        await pipe.Output.WriteAsync(question);
                        await pipe.Output.CompleteAsync();
                        Assert.That(await ReadToEnd(pipe.Input), Is.EqualTo(question));
                    })
                ),
        ];
        Eventually.Ends(Task.WhenAll(talking), "all conversations");
        foreach (ForwardPipe pipe in unread)
            await pipe.Output.CompleteAsync(new ForwardPipeException(Code, "enough"));
        foreach (ForwardPipe pipe in unread)
            await pipe.Input.CompleteAsync();
        Eventually.True(
            () =>
                pair.A.OnLoop(() => pair.A.Client.PipeCount) == 0 && pair.B.OnLoop(() => pair.B.Client.PipeCount) == 0,
            () => "all pipes are over"
        );
        listener.Dispose();
        Eventually.Ends(serving, "the listener");
        Eventually.Ends(Task.WhenAll(echoes), "all echoes");

        static async Task Echo(ForwardPipe pipe)
        {
            try
            {
                await pipe.Input.CopyToAsync(pipe.Output);
                await pipe.DisposeAsync();
            }
            catch (ForwardPipeException broken)
            {
                await pipe.Output.CompleteAsync(broken);
                await pipe.Input.CompleteAsync();
            }
        }
    }

    [Test]
    public async Task A_copy_ends_when_the_peer_stops_reading()
    {
        await using ClientPair pair = new();
        (ForwardPipe near, ForwardPipe far) = await Connect(pair);
        await near.Input.CompleteAsync();
        Eventually.True(
            () => far.Output.WriteAsync("unwanted"u8.ToArray()).AsTask().Result.IsCompleted,
            () => "the writer of the peer completes"
        );
        await near.Output.WriteAsync("some more"u8.ToArray());
        Eventually.True(() => far.Held == 9, () => "it arrived");
        // The copy starts in the middle of a segment.
        Assert.That(far.Input.TryRead(out ReadResult read), Is.True);
        far.Input.AdvanceTo(read.Buffer.GetPosition(5));
        Eventually.Ends(far.Input.CopyToAsync(far.Output), "the copy");
        // Bytes that the copy did not write can still be read.
        ReadResult rest = await far.Input.ReadAsync();
        Assert.That(rest.Buffer.ToArray(), Is.EqualTo("more"u8.ToArray()));
        far.Input.AdvanceTo(rest.Buffer.End);
        await near.DisposeAsync();
        await far.DisposeAsync();
    }

    [Test]
    public async Task An_exception_on_one_side_is_received_with_its_code_on_the_other()
    {
        await using ClientPair pair = new();
        (ForwardPipe near, ForwardPipe far) = await Connect(pair);
        await near.Output.CompleteAsync(new ForwardPipeException(Code, "no more"));
        ForwardPipeException? seen = await Assert.ThrowsAsync<ForwardPipeException>(async () =>
            await ReadToEnd(far.Input)
        );
        Assert.That((seen!.Failure, seen.Code), Is.EqualTo((PipeFailure.Reset, Code)));
        Assert.That((await far.Output.WriteAsync("the other direction"u8.ToArray())).IsCompleted, Is.False);
        await far.Output.CompleteAsync(new InvalidOperationException("anything"));
        seen = await Assert.ThrowsAsync<ForwardPipeException>(async () => await ReadToEnd(near.Input));
        Assert.That(seen!.Code, Is.EqualTo(ForwardPipeException.Aborted));
        Eventually.True(
            () =>
                pair.A.OnLoop(() => pair.A.Client.PipeCount) == 0 && pair.B.OnLoop(() => pair.B.Client.PipeCount) == 0,
            () => "over"
        );
    }

    [Test]
    public async Task Bytes_received_before_a_pipe_broke_are_read_first()
    {
        await using ClientPair pair = new();
        (ForwardPipe near, ForwardPipe far) = await Connect(pair);
        await near.Output.WriteAsync("the last words"u8.ToArray());
        Eventually.True(() => far.Held == 14, () => "they arrived");
        await near.Output.CompleteAsync(new ForwardPipeException(Code, "no more"));
        Eventually.True(() => far.InputFault is not null, () => "the reset arrived");
        ReadResult read = await far.Input.ReadAsync();
        Assert.That((read.Buffer.Length, read.IsCompleted), Is.EqualTo((14L, false)));
        far.Input.AdvanceTo(read.Buffer.GetPosition(4), read.Buffer.GetPosition(8));
        Assert.That(far.Input.TryRead(out read), Is.True);
        Assert.That(read.Buffer.ToArray(), Is.EqualTo("last words"u8.ToArray()));
        far.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        ForwardPipeException? seen = await Assert.ThrowsAsync<ForwardPipeException>(async () =>
            await far.Input.ReadAsync()
        );
        Assert.That(seen!.Code, Is.EqualTo(Code));
        Assert.That(() => far.Input.TryRead(out _), Throws.InstanceOf<ForwardPipeException>(), "every time");
        await near.DisposeAsync();
        await far.DisposeAsync();
    }

    [Test]
    public async Task Pipes_work_while_the_limit_of_pending_sends_is_reached()
    {
        await using ClientPair pair = new(new ForwardClientOptions { MaxPendingSends = 1 });
        using ForwardReceiver unread = pair.B.Client.Receive();
        using CancellationTokenSource enough = new();
        Task filling = Task.Run(async () =>
        {
            while (true)
                await pair.A.Client.SendAsync(
                    pair.B.Id,
                    1,
                    MessageClass.Reliable,
                    new byte[60_000],
                    cancellationToken: enough.Token
                );
        });
        Eventually.True(() => unread.Count == 4 && pair.A.Client.PendingSends == 1, () => "the only send waits");
        (ForwardPipe near, ForwardPipe far) = await Connect(pair);
        Assert.That(
            (await pair.A.Client.SendAsync(pair.B.Id, 2, MessageClass.Reliable, "x"u8.ToArray())).Status,
            Is.EqualTo(SendStatus.BackPressured)
        );
        await near.Output.WriteAsync("a question"u8.ToArray());
        await near.Output.CompleteAsync();
        Task<byte[]> reading = ReadToEnd(far.Input);
        Eventually.Ends(reading, "the end of the stream");
        Assert.That(await reading, Is.EqualTo("a question"u8.ToArray()));
        await enough.CancelAsync();
        Assert.That(async () => await filling, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task A_connect_that_is_cancelled_before_the_loop_starts_it_leaves_no_state()
    {
        await using DrivenClient driven = new();
        using CancellationTokenSource cancel = new();
        Task<ForwardPipe> connecting = driven.Client.ConnectPipeAsync(DrivenClient.Self, Service, cancel.Token);
        cancel.Cancel();
        Assert.That(async () => await connecting, Throws.InstanceOf<OperationCanceledException>());
        driven.Cycle();
        Assert.That(driven.Client.PipeCount, Is.Zero);
    }

    [Test]
    public async Task Completing_the_reader_completes_the_writer_of_the_peer()
    {
        await using ClientPair pair = new();
        (ForwardPipe near, ForwardPipe far) = await Connect(pair);
        Task writing = Task.Run(async () =>
        {
            while (!(await near.Output.WriteAsync(new byte[50_000])).IsCompleted) { }
        });
        Eventually.True(() => pair.A.Client.PendingSends == 1, () => "the writer waits");
        await far.Input.CompleteAsync();
        Eventually.Ends(writing, "the writer, which is notified");
        Assert.That(far.Held, Is.Zero);
        await far.Output.WriteAsync("still open"u8.ToArray());
        await far.Output.CompleteAsync();
        Assert.That(await ReadToEnd(near.Input), Is.EqualTo("still open"u8.ToArray()));
    }

    [Test]
    public async Task Flushes_and_reads_can_be_cancelled_and_nothing_is_lost()
    {
        await using ClientPair pair = new();
        (ForwardPipe near, ForwardPipe far) = await Connect(pair);
        byte[] all = new byte[1 << 20];
        Fill(all, 0);
        ValueTask<FlushResult> pending = near.Output.WriteAsync(all);
        Eventually.True(() => pair.A.Client.PendingSends == 1, () => "the flush waits");
        near.Output.CancelPendingFlush();
        Assert.That((await pending).IsCanceled, Is.True);
        using CancellationTokenSource cancel = new();
        Task<FlushResult> again = near.Output.FlushAsync(cancel.Token).AsTask();
        Assert.That(again.IsCompleted, Is.False);
        await cancel.CancelAsync();
        Assert.That(async () => await again, Throws.InstanceOf<OperationCanceledException>());
        Task<byte[]> reading = ReadToEnd(far.Input);
        await near.Output.CompleteAsync();
        Assert.That(await reading, Is.EqualTo(all));

        Task<ReadResult> read = near.Input.ReadAsync().AsTask();
        near.Input.CancelPendingRead();
        Assert.That((await read).IsCanceled, Is.True);
    }

    [Test]
    public async Task A_connect_to_an_unserved_service_or_node_fails_with_the_reason()
    {
        await using ClientPair pair = new(new ForwardClientOptions { PipeBacklog = 2 });
        await Rejected(ForwardPipeException.NoListener);
        ForwardPipeListener listener = pair.B.Client.Listen(Service);
        List<ForwardPipe> waiting = [];
        for (int i = 0; i < 2; i++)
            waiting.Add(await pair.A.Client.ConnectPipeAsync(pair.B.Id, Service));
        await Rejected(ForwardPipeException.BacklogFull);
        ForwardPipe accepted = await listener.AcceptAsync();
        listener.Dispose();
        ForwardPipeException? closed = await Assert.ThrowsAsync<ForwardPipeException>(async () =>
            await ReadToEnd(waiting[1].Input)
        );
        Assert.That(closed!.Code, Is.EqualTo(ForwardPipeException.NoListener));
        await accepted.Output.WriteAsync("accepted before"u8.ToArray());
        await accepted.Output.CompleteAsync();
        Assert.That(await ReadToEnd(waiting[0].Input), Is.EqualTo("accepted before"u8.ToArray()));
        Assert.That(async () => await listener.AcceptAsync(), Throws.InstanceOf<ObjectDisposedException>());
        await Rejected(ForwardPipeException.NoListener);
        ForwardPipeException? unknown = await Assert.ThrowsAsync<ForwardPipeException>(async () =>
            await pair.A.Client.ConnectPipeAsync(999, Service)
        );
        Assert.That(unknown!.Failure, Is.EqualTo(PipeFailure.NotSent));
        Assert.That(unknown.Message, Does.Contain("UnknownNode"));

        async Task Rejected(uint code)
        {
            ForwardPipeException? rejected = await Assert.ThrowsAsync<ForwardPipeException>(async () =>
                await pair.A.Client.ConnectPipeAsync(pair.B.Id, Service)
            );
            Assert.That((rejected!.Failure, rejected.Code), Is.EqualTo((PipeFailure.Rejected, code)));
        }
    }

    [Test]
    public async Task An_unanswered_connect_can_be_cancelled()
    {
        await using ClientPair pair = new();
        using ForwardReceiver receiver = pair.B.Client.Receive(Service); // it treats the opening as a message
        using CancellationTokenSource cancel = new();
        Task<ForwardPipe> connecting = pair.A.Client.ConnectPipeAsync(pair.B.Id, Service, cancel.Token);
        Eventually.True(() => receiver.Count == 1, () => "the opening arrived");
        await cancel.CancelAsync();
        Assert.That(async () => await connecting, Throws.InstanceOf<OperationCanceledException>());
        Eventually.True(() => pair.A.OnLoop(() => pair.A.Client.PipeCount) == 0, () => "forgotten");
    }

    [Test]
    public async Task A_pipe_to_the_own_node_works_as_any_other()
    {
        await using ClientPair pair = new();
        using ForwardPipeListener listener = pair.A.Client.Listen(Service);
        ForwardPipe near = await pair.A.Client.ConnectPipeAsync(pair.A.Id, Service);
        ForwardPipe far = await listener.AcceptAsync();
        byte[] all = new byte[3 << 20];
        Fill(all, 0);
        Task writing = Task.Run(async () =>
        {
            await near.Output.WriteAsync(all);
            await near.Output.CompleteAsync();
        });
        Eventually.True(() => pair.A.Client.PendingSends == 1, () => "the writer waits for the reader");
        Assert.That(far.Held, Is.LessThanOrEqualTo(StreamCredit));
        Assert.That(await ReadToEnd(far.Input), Is.EqualTo(all));
        Eventually.Ends(writing, "the writer");
    }

    [Test]
    public async Task Stopping_either_node_breaks_the_pipe_on_both()
    {
        ClientPair pair = new();
        (ForwardPipe near, ForwardPipe far) = await Connect(pair);
        Task<FlushResult> waiting = near.Output.WriteAsync(new byte[1 << 20]).AsTask();
        Eventually.True(() => pair.A.Client.PendingSends == 1, () => "the flush waits");
        Eventually.True(
            () => pair.A.StoredFor(pair.B.Id) == 0 && far.Held == 8 * ((32 << 10) - 32),
            () => $"as much as credit allows has arrived: {far.Held}"
        );
        await pair.B.DisposeAsync();
        ForwardPipeException? there = await Assert.ThrowsAsync<ForwardPipeException>(async () => await waiting);
        Assert.That(there!.Failure, Is.EqualTo(PipeFailure.PeerLost));
        Assert.That(async () => await ReadToEnd(near.Input), Throws.InstanceOf<ForwardPipeException>());
        Assert.That(
            async () => await near.Output.WriteAsync("x"u8.ToArray()),
            Throws.InstanceOf<ForwardPipeException>()
        );
        Assert.That(
            async () => await near.Output.WriteAsync(new byte[100_000]),
            Throws.InstanceOf<ForwardPipeException>()
        );
        Assert.That(pair.A.StoredFor(pair.B.Id), Is.Zero, "nothing of the pipe waits for the next life of the peer");
        Assert.That(
            async () => await ReadToEnd(far.Input),
            Throws.InstanceOf<ForwardPipeException>(),
            "after what had come"
        );
        await near.DisposeAsync();
        await far.DisposeAsync();
        await pair.A.DisposeAsync();
    }

    [Test]
    public async Task A_flush_during_the_loss_of_its_association_sends_nothing_on_the_next_one()
    {
        await using ClientPair pair = new();
        (ForwardPipe near, ForwardPipe far) = await Connect(pair);
        Task<FlushResult> flush = pair.A.OnLoop(() =>
        {
            pair.A.Node.Peers.All.Single().Close(pair.A.Loop.NowMicros, default, "test", UndeliveredReason.PeerLost);
            return near.Output.WriteAsync("too late"u8.ToArray()).AsTask();
        });
        ForwardPipeException? lost = await Assert.ThrowsAsync<ForwardPipeException>(async () => await flush);
        Assert.That(lost!.Failure, Is.EqualTo(PipeFailure.PeerLost));
        (ForwardPipe next, ForwardPipe nextFar) = await Connect(pair);
        Assert.That(pair.B.Client.UnclaimedMessages, Is.Zero);
        foreach (ForwardPipe pipe in new[] { near, far, next, nextFar })
            await pipe.DisposeAsync();
    }

    private static async Task<(ForwardPipe Near, ForwardPipe Far)> Connect(ClientPair pair)
    {
        using ForwardPipeListener listener = pair.B.Client.Listen(Service);
        ForwardPipe near = await pair.A.Client.ConnectPipeAsync(pair.B.Id, Service);
        return (near, await listener.AcceptAsync());
    }

    private static async Task<byte[]> ReadToEnd(PipeReader reader)
    {
        using MemoryStream all = new();
        await reader.CopyToAsync(all);
        await reader.CompleteAsync();
        return all.ToArray();
    }

    // The value of each byte depends on its position.
    private static void Fill(Span<byte> bytes, long from)
    {
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(((from + i) * 131) >> 3);
    }
}
