using System.Text;
using FastForward.Transport;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Node;

/// <summary>Two complete nodes over each medium, through the public API.</summary>
[TestFixture(TransportKind.Ip, false)]
[TestFixture(TransportKind.Socket, false)]
[TestFixture(TransportKind.VSocket, false)]
[TestFixture(TransportKind.VSocket, true, Category = "Lab")]
public sealed class ForwardNodeTests(TransportKind kind, bool kernelVSockets)
{
    private NodeWorld _world = null!;

    private MessageClass BestClass => kind == TransportKind.Ip ? MessageClass.RealTime : MessageClass.Reliable;

    [SetUp]
    public void SetUp()
    {
        if (kernelVSockets)
            Requires.VSock();
        _world = new NodeWorld(kernelVSockets: kernelVSockets);
    }

    [TearDown]
    public void TearDown() => _world?.Dispose(); // null where the test is skipped

    [Test]
    public void Messages_travel_both_ways_in_order()
    {
        (TestNode a, TestNode b) = _world.Pair(kind);
        for (int i = 0; i < 100; i++)
        {
            Assert.That(
                a.Node.Send(b.Id, 7, BestClass, BitConverter.GetBytes(i)),
                Is.EqualTo(new SendResult(SendStatus.Accepted, (ulong)i))
            );
            Assert.That(b.Node.Send(a.Id, 7, BestClass, BitConverter.GetBytes(-i)).IsAccepted, Is.True);
        }

        _world.Until(() => a.Messages.Count == 100 && b.Messages.Count == 100, "all messages");
        Assert.That(
            b.Messages.Select(message => BitConverter.ToInt32(message.Payload)),
            Is.EqualTo(Enumerable.Range(0, 100))
        );
        Assert.That(a.Messages.Select(message => (int)message.Sequence), Is.EqualTo(Enumerable.Range(0, 100)));
        Assert.That(b.Messages.All(message => message.From == a.Id && message.Stream == 7), Is.True);
    }

    [Test]
    public void Nothing_is_allocated_per_message_in_either_direction()
    {
        // Probes are part of the steady state: several occur during the measurement, and two before it.
        TimeSpan probes = TimeSpan.FromMilliseconds(50);
        (TestNode a, TestNode b) = _world.Pair(kind, options => options.ProbeInterval = probes);
        byte[] payload = new byte[64];
        int answers = 0;
        b.OnReceived = (in ReceivedMessage message) =>
            b.Node.Send(message.Node, message.Stream, message.Class, message.Payload);
        a.OnReceived = (in ReceivedMessage message) => answers++;
        RoundTrips(3000);
        long until = _world.Loop.NowMicros + (3 * (long)probes.TotalMicroseconds);
        while (_world.Loop.NowMicros < until)
            RoundTrips(100);

        long before = GC.GetAllocatedBytesForCurrentThread(),
            began = _world.Loop.NowMicros;
        for (
            int rounds = 0;
            rounds < 10_000 || _world.Loop.NowMicros < began + (3 * (long)probes.TotalMicroseconds);
            rounds += 100
        )
            RoundTrips(100);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.That(allocated, Is.Zero, $"bytes for {answers} messages there and back");

        void RoundTrips(int count)
        {
            int target = answers + count;
            while (answers < target)
            {
                int goal = Math.Min(answers + 10, target);
                for (int i = answers; i < goal; i++)
                    a.Node.Send(b.Id, 1, BestClass, payload);
                for (int spins = 0; answers < goal; spins++)
                {
                    _world.Cycle();
                    if (spins > 50_000_000)
                        throw new AssertionException($"waited in vain at {answers} of {target}");
                }
            }
        }
    }

    [Test]
    public void Many_small_messages_share_frames()
    {
        (TestNode a, TestNode b) = _world.Pair(kind);
        long frames = a.Node.Statistics.FramesSent;
        for (int i = 0; i < 100; i++)
            a.Node.Send(b.Id, 1, BestClass, new byte[20]);
        _world.Until(() => b.Messages.Count == 100, "all messages");
        Assert.That(a.Node.Statistics.FramesSent - frames, Is.LessThan(15));
    }

    [Test]
    public void Refusals_are_results_with_a_reason()
    {
        (TestNode a, TestNode b) = _world.Pair(kind);
        Assert.That(a.Node.Send(99, 1, MessageClass.Reliable, "x"u8).Status, Is.EqualTo(SendStatus.UnknownNode));
        Assert.That(
            a.Node.Send(b.Id, 1, MessageClass.RealTime, new byte[MessageLimits.MaxRealTimeBytes + 1]).Status,
            Is.EqualTo(SendStatus.TooLarge)
        );
        Assert.That(
            a.Node.Send(b.Id, 1, MessageClass.Reliable, new byte[MessageLimits.MaxReliableBytes + 1]).Status,
            Is.EqualTo(SendStatus.TooLarge)
        );
        Assert.That(
            a.Node.Send(b.Id, 1, MessageClass.RealTime, new byte[MessageLimits.MaxRealTimeBytes]).Status,
            Is.EqualTo(SendStatus.Accepted)
        );
        Assert.That(a.Node.Send(b.Id, 1, MessageClass.Reliable, "x"u8).Status, Is.EqualTo(SendStatus.WrongClass));
        Assert.That(a.Node.EndStream(b.Id, 1), Is.EqualTo(SendStatus.Accepted));
        Assert.That(a.Node.EndStream(b.Id, 1), Is.EqualTo(SendStatus.StreamEnded));
        _world.Until(() => b.Ends.Count == 1, "the end of the stream");
        Assert.That(b.Ends[0], Is.EqualTo(new StreamEnd(a.Id, 1, StreamEndReason.Ended)));
        Assert.That(
            a.Node.Send(b.Id, 1, MessageClass.RealTime, "x"u8).Status,
            Is.EqualTo(SendStatus.StreamEnded),
            "an id is never used twice"
        );
        _world.Until(
            () => a.Node.ResetStream(b.Id, 1, 5) == SendStatus.StreamEnded,
            "the end to be known to have arrived; until then the stream can be reset"
        );
    }

    [Test]
    public void Classes_and_options_that_do_not_exist_are_refused()
    {
        (TestNode a, TestNode b) = _world.Pair(kind);
        Assert.That(
            () => a.Node.Send(b.Id, 1, (MessageClass)77, "x"u8),
            Throws.InstanceOf<ArgumentOutOfRangeException>()
        );
        Assert.That(
            () => a.Node.OpenStream(b.Id, BestClass).Send("x"u8, (SendOptions)64),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("options")
        );
    }

    [Test]
    public void Starting_a_stopped_node_throws()
    {
        using OverrideResolver routes = new([]);
        using ForwardNode node = new(_world.Loop, new ForwardNodeOptions { Node = 4 }, [], routes);
        Assert.That(node.StopAsync().IsCompletedSuccessfully, Is.True);
        Assert.That(
            () => node.Start(new FastForward.Transport.Actors.ActorSystem()),
            Throws
                .InstanceOf<ObjectDisposedException>()
                .With.Property(nameof(ObjectDisposedException.ObjectName))
                .Contains(nameof(ForwardNode))
        );
    }

    [Test]
    public void A_send_above_the_limit_of_streams_returns_TooManyStreams()
    {
        (TestNode a, TestNode b) = _world.Pair(kind, options => options.MaxStreams = 3);
        for (ulong stream = 0; stream < 3; stream++)
            Assert.That(a.Node.Send(b.Id, stream, BestClass, "x"u8).IsAccepted, Is.True);
        Assert.That(a.Node.Send(b.Id, 3, BestClass, "x"u8).Status, Is.EqualTo(SendStatus.TooManyStreams));
        a.Node.EndStream(b.Id, 0);
        _world.Until(() => a.Node.Send(b.Id, 3, BestClass, "x"u8).IsAccepted, "room for another stream");
    }

    [Test]
    public void The_last_message_and_a_reset_end_their_streams_at_the_receiver()
    {
        (TestNode a, TestNode b) = _world.Pair(kind);
        a.Node.Send(b.Id, 1, BestClass, "last"u8, SendOptions.End);
        a.Node.Send(b.Id, 2, BestClass, "first"u8);
        _world.Until(() => b.Messages.Count == 2, "both messages");
        a.Node.ResetStream(b.Id, 2, 77);
        _world.Until(() => b.Ends.Count == 2, "both ends");
        Assert.That(
            b.Ends,
            Is.EqualTo(
                new[]
                {
                    new StreamEnd(a.Id, 1, StreamEndReason.Ended),
                    new StreamEnd(a.Id, 2, StreamEndReason.Reset, 77),
                }
            )
        );
    }

    [Test]
    public void A_full_store_answers_back_pressure_and_calls_back()
    {
        (TestNode a, TestNode b) = _world.Pair(kind);
        int accepted = 0;
        SendResult result;
        while ((result = a.Node.Send(b.Id, 1, BestClass, new byte[1000])).IsAccepted)
            accepted++;
        Assert.That(result.Status, Is.EqualTo(SendStatus.BackPressured));
        Assert.That(accepted, Is.GreaterThan(100));
        _world.Until(() => a.WritableStreams.Contains((b.Id, 1)), "the call back");
        Assert.That(a.Node.Send(b.Id, 1, BestClass, new byte[1000]).IsAccepted, Is.True);
        if (BestClass == MessageClass.Reliable)
            _world.Until(() => b.Messages.Count == accepted + 1, "all that was accepted");
    }

    [Test]
    public void A_throwing_handler_is_counted_and_survived()
    {
        // The driver of the other tests fails fast, so this test has its own loop.
        using FastForward.Transport.Loop.ForwardLoop loop = new();
        using StaticNode a = new(loop, 1);
        int received = 0;
        a.OnReceived = () =>
        {
            received++;
            throw new InvalidOperationException("thrown on purpose");
        };
        a.Node.Send(1, 1, MessageClass.Reliable, "x"u8);
        a.Node.Send(1, 1, MessageClass.Reliable, "y"u8);
        for (int i = 0; i < 10; i++)
            loop.DoWork();
        Assert.That(received, Is.EqualTo(2));
        Assert.That(loop.Statistics.CallbackFailures, Is.EqualTo(2));
    }

    [Test]
    public void A_call_on_another_thread_throws_and_names_Post()
    {
        (TestNode a, TestNode b) = _world.Pair(kind);
        InvalidOperationException? misuse = null;
        Thread thread = new(() =>
            misuse = Assert.Throws<InvalidOperationException>(() => a.Node.Send(b.Id, 1, BestClass, "x"u8))
        );
        thread.Start();
        thread.Join();
        Assert.That(misuse!.Message, Does.Contain("ForwardLoop.Post"));
        _world.Loop.Post(() => a.Node.Send(b.Id, 1, BestClass, "posted"u8));
        _world.Until(() => b.Messages.Count == 1, "the posted message");
    }

    [Test]
    public void Sends_and_closes_are_allowed_inside_callbacks_and_do_not_recurse()
    {
        (TestNode a, TestNode b) = _world.Pair(kind);
        int depth = 0,
            deepest = 0,
            count = 0;
        b.OnReceived = (in ReceivedMessage message) =>
        {
            deepest = Math.Max(deepest, ++depth);
            count++;
            b.Node.Send(b.Id, (ulong)count, MessageClass.Reliable, "to myself"u8, SendOptions.End);
            if (message.Node == a.Id)
                b.Node.ResetStream(a.Id, 5, 0);
            if (count > 50)
                b.OnReceived = (in ReceivedMessage _) => { };
            depth--;
        };
        a.Node.Send(b.Id, 1, BestClass, "go"u8);
        _world.Until(() => count > 50, "a chain of local messages");
        Assert.That(deepest, Is.EqualTo(1));
    }

    [Test]
    public void A_clean_stop_delivers_accepted_messages_and_notifies_the_peer()
    {
        (TestNode a, TestNode b) = _world.Pair(kind);
        int accepted = 0;
        while (accepted < 100 && a.Node.Send(b.Id, 1, BestClass, new byte[500]).IsAccepted)
            accepted++;
        Task stopped = a.Node.StopAsync();
        Assert.That(a.Node.Send(b.Id, 2, BestClass, "late"u8).Status, Is.EqualTo(SendStatus.Stopping));
        _world.Until(() => stopped.IsCompleted, "the stop");
        _world.Until(() => b.Changes.Any(change => change.Kind == PeerEventKind.Lost), "the peer to know");
        Assert.That(b.Messages, Has.Count.EqualTo(accepted));
        Assert.That(a.Reports, Is.Empty);
        Assert.That(b.Changes.Last(change => change.Kind == PeerEventKind.Lost).Reason, Does.Contain("Stopping"));
    }

    [Test]
    public void A_restarted_peer_gets_a_new_association()
    {
        TestNode a = _world.Start(25011, options => options.ProbeInterval = TimeSpan.FromMilliseconds(150));
        TestNode b = _world.Start(250012);
        a.Route(b, kind);
        b.Route(a, kind);
        _world.Until(() => a.IsConnectedTo(b), "the first life");
        ulong firstLife = a.Node.GetPeer(b.Id)!.Incarnation;
        a.Node.Send(b.Id, 1, BestClass, "to the first life"u8);
        _world.Until(() => b.Messages.Count == 1, "a message");
        b.Dispose();

        TestNode successor = _world.Start(250012);
        successor.Route(a, kind);
        a.Route(successor, kind);
        _world.Until(
            () => a.IsConnectedTo(successor) && a.Node.GetPeer(b.Id)!.Incarnation != firstLife,
            "the second life"
        );
        _world.Until(() => successor.IsConnectedTo(a), "the other side");
        Assert.That(
            a.Node.Send(b.Id, 1, BestClass, "to the second life"u8).Sequence,
            Is.Zero,
            "a new association numbers from 0"
        );
        _world.Until(() => successor.Messages.Count == 1, "a message in the second life");
        Assert.That(Encoding.UTF8.GetString(successor.Messages[0].Payload), Is.EqualTo("to the second life"));
    }

    [Test]
    public void A_second_process_with_the_same_id_is_a_conflict_and_does_not_replace_the_first()
    {
        TestNode a = _world.Start(25011, options => options.ProbeInterval = TimeSpan.FromMilliseconds(150));
        TestNode b = _world.Start(250012);
        a.Route(b, kind);
        b.Route(a, kind);
        _world.Until(() => a.IsConnectedTo(b), "the rightful one");
        ulong incarnation = a.Node.GetPeer(b.Id)!.Incarnation;

        using NodeWorld elsewhere = new(kernelVSockets: kernelVSockets);
        TestNode impostor = elsewhere.Start(250012);
        // It has its own socket directory; its route leads to the same node.
        impostor.Route(a, kind);
        if (kind == TransportKind.VSocket && !kernelVSockets)
            File.CreateSymbolicLink(
                $"{elsewhere.VSocketDirectory}/{a.VSocketPort}.vsock",
                $"{_world.VSocketDirectory}/{a.VSocketPort}.vsock"
            );
        if (kind == TransportKind.Socket)
            File.CreateSymbolicLink(
                $"{elsewhere.SocketDirectory}/FastForward.{a.SocketPort}.sock",
                $"{_world.SocketDirectory}/FastForward.{a.SocketPort}.sock"
            );
        _world.Until(
            () =>
            {
                elsewhere.Cycle();
                // Over IP the source differs from the row already; elsewhere the two are of one user or machine.
                PeerEventKind refusal = kind == TransportKind.Ip ? PeerEventKind.Refused : PeerEventKind.NodeIdConflict;
                return a.Changes.Any(change => change.Kind == refusal)
                    && impostor.Changes.Any(change => change.Kind == PeerEventKind.Refused);
            },
            "the conflict to be reported on both sides"
        );
        Assert.That(a.Node.GetPeer(b.Id)!.Incarnation, Is.EqualTo(incarnation));
        a.Node.Send(b.Id, 9, BestClass, "still yours"u8);
        _world.Until(() => b.Messages.Count == 1, "the rightful one still gets messages");
        Assert.That(impostor.Messages, Is.Empty);
    }

    [Test]
    public void A_node_that_is_not_configured_is_reported_and_not_answered()
    {
        TestNode a = _world.Start(25011);
        TestNode b = _world.Start(250012);
        a.Route(b, kind);
        _world.Until(
            () => b.Changes.Any(change => change.Kind == PeerEventKind.NotConfigured && change.Node == a.Id),
            "heard but not configured"
        );
        Assert.That(a.IsConnectedTo(b), Is.False);
        Assert.That(b.Node.Statistics.RefusedHandshakes, Is.GreaterThan(0));
    }

    [Test]
    public void A_removed_route_ends_the_association_with_a_report()
    {
        (TestNode a, TestNode b) = _world.Pair(kind);
        a.RemoveRoutes();
        _world.Until(() => a.Changes.Any(change => change.Kind == PeerEventKind.Lost), "the end here");
        Assert.That(a.Node.Send(b.Id, 1, BestClass, "x"u8).Status, Is.EqualTo(SendStatus.UnknownNode));
        _world.Until(() => b.Changes.Any(change => change.Kind == PeerEventKind.Lost), "the end there");
    }
}
