using FastForward.Tests.Loop;
using FastForward.Transport;
using FastForward.Transport.Actors;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Actors;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ActorSystemTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly CollectingLogger<ActorSystem> _log = new();
    private readonly List<string> _calls = [];
    private readonly ActorSystem _system;
    private readonly ForwardLoop _loop;
    private readonly OverrideResolver _routes = new([]);
    private readonly ForwardNode _node;

    public ActorSystemTests()
    {
        _system = new ActorSystem(_log);
        _loop = new ForwardLoop(
            new ForwardLoopOptions
            {
                Idle = IdleStrategy.Block,
                SlowCycleLimit = TimeSpan.FromMilliseconds(1),
                SlowCycleGrace = TimeSpan.Zero,
            },
            _time
        );

        // Not started: the tests raise its events.
        _node = new ForwardNode(_loop, new ForwardNodeOptions { Node = 25_011 }, [], _routes);
    }

    private IForwardHandler Handler => _system;

    public void Dispose()
    {
        _node.Dispose();
        _loop.Dispose();
        _routes.Dispose();
        _log.Dispose();
    }

    [Test]
    public void Actors_start_in_order_and_stop_in_reverse_order()
    {
        Add("a");
        Add("b");
        Start();
        _system.Stop();
        _system.Stop();
        Assert.That(_calls, Is.EqualTo(["a: start", "b: start", "b: stop", "a: stop"]));
    }

    [Test]
    public void An_actor_gets_its_context()
    {
        ScriptedActor actor = Add("a");
        Start();
        Assert.That(actor.Context, Is.Not.Null);
        Assert.Multiple(() =>
        {
            Assert.That(actor.Context!.Name, Is.EqualTo("a"));
            Assert.That(actor.Context.Node, Is.SameAs(_node));
            Assert.That(actor.Context.Loop, Is.SameAs(_loop));
            Assert.That(actor.Context.Logger, Is.Not.Null);
        });
    }

    [Test]
    public void New_stream_ids_are_unique()
    {
        ScriptedActor a = Add("a");
        ScriptedActor b = Add("b");
        Start();
        ulong[] streams =
        [
            a.Context!.NewStream(7),
            b.Context!.NewStream(7),
            a.Context.NewStream(7),
            b.Context.NewStream(new ServiceId(7).Reply),
        ];
        Assert.That(streams, Is.Unique);
        Assert.That(
            streams.Select(ServiceId.OfStream),
            Is.EqualTo(new ServiceId[] { 7, 7, 7, new ServiceId(7).Reply })
        );
    }

    [Test]
    public void Messages_and_stream_ends_go_to_the_owner_of_the_service()
    {
        Add("a", 1, 2);
        Add("b", 3);
        Start();
        _calls.Clear();

        Send(service: 2, payload: 20);
        Send(service: 3, payload: 30);
        Send(service: 1, payload: 10);
        Handler.OnStreamEnd(new StreamEnd(9, new ServiceId(3).StreamWith(0), StreamEndReason.Reset, 5));

        Assert.That(_calls, Is.EqualTo(["a: message 20", "b: message 30", "a: message 10", "b: end Reset"]));
        Assert.That(
            _system.Statistics.Select(actor => (actor.Name, actor.Messages)),
            Is.EqualTo([("a", 2L), ("b", 1L)])
        );
        Assert.That(_system.UnownedEvents, Is.Zero);
    }

    [Test]
    public void Events_of_an_outgoing_stream_go_to_its_sender()
    {
        // Both directions of service 7 have an owner in this node; of service 8 only the requests.
        Add("server", 7, 8);
        Add("client", new ServiceId(7).Reply);
        Start();
        _calls.Clear();

        Handler.OnWritable(9, new ServiceId(7).StreamWith(1)); // a request: the client sent it
        Handler.OnWritable(9, new ServiceId(7).Reply.StreamWith(2)); // a reply: the server sent it
        Handler.OnUndelivered(new Undelivered(9, new ServiceId(7).StreamWith(1), 0, 3, UndeliveredReason.PeerLost));
        Handler.OnUndelivered(
            new Undelivered(9, new ServiceId(7).Reply.StreamWith(2), 0, 4, UndeliveredReason.PeerLost)
        );
        Handler.OnWritable(9, new ServiceId(8).StreamWith(5)); // no actor owns its replies

        Assert.That(
            _calls,
            Is.EqualTo([
                "client: writable 1",
                "server: writable 2",
                "client: undelivered 3",
                "server: undelivered 4",
                "server: writable 5",
            ])
        );
    }

    [Test]
    public void Peer_events_go_to_all()
    {
        Add("a");
        Add("b", 1);
        Start();
        _calls.Clear();
        Handler.OnPeer(new PeerEvent(9, PeerEventKind.Connected, TransportKind.Ip, "for the test"));
        Assert.That(_calls, Is.EqualTo(["a: peer Connected", "b: peer Connected"]));
    }

    [Test]
    public void Unowned_events_are_counted_and_logged_once_a_second()
    {
        Add("a", 1);
        Start();
        for (int i = 0; i < 100; i++)
            Send(service: 2, payload: 0);
        Handler.OnStreamEnd(new StreamEnd(9, new ServiceId(2).StreamWith(0), StreamEndReason.Ended, 0));
        Handler.OnWritable(9, new ServiceId(3).StreamWith(0));
        Handler.OnUndelivered(new Undelivered(9, new ServiceId(3).StreamWith(0), 0, 1, UndeliveredReason.Stopped));
        _time.Advance(TimeSpan.FromSeconds(1));
        _loop.DoWork();
        Send(service: 0x7FFF, payload: 0);

        Assert.That(_system.UnownedEvents, Is.EqualTo(104));
        Assert.That(_log.TextsOf(1403).ToList(), Has.Count.EqualTo(2));
        Assert.That(_log.TextsOf(1403).Last(), Does.Contain("service 32767").And.Contain("(102 more"));
    }

    [TestCase("message 1")]
    [TestCase("end Ended")]
    [TestCase("peer Lost")]
    [TestCase("writable 1")]
    [TestCase("undelivered 1")]
    [TestCase("stop")]
    public void A_throwing_actor_is_counted_under_its_name_and_the_others_continue(string call)
    {
        ScriptedActor bad = Add("bad", 1);
        Add("good", 2);
        bad.When = seen =>
        {
            if (seen == call)
                throw new InvalidTimeZoneException("on purpose");
        };
        Start();
        _calls.Clear();

        Raise(1);
        Raise(2);
        _loop.DoWork();
        _system.Stop();

        string[] expected =
        [
            "bad: message 1",
            "bad: end Ended",
            "bad: peer Lost",
            "good: peer Lost",
            "bad: writable 1",
            "bad: undelivered 1",
            "good: message 1",
            "good: end Ended",
            "bad: peer Lost",
            "good: peer Lost",
            "good: writable 1",
            "good: undelivered 1",
            "good: stop",
            "bad: stop",
        ];
        Assert.That(_calls, Is.EqualTo(expected));
        int failures = call == "peer Lost" ? 2 : 1;
        Assert.That(_system.Statistics.Select(actor => actor.Failures), Is.EqualTo([(long)failures, 0L]));
        Assert.That(_loop.Statistics.CallbackFailures, Is.EqualTo(failures));
        Assert.That(_log.TextsOf(1401).Single(), Does.Contain("Actor bad "));

        void Raise(ushort service)
        {
            Send(service, payload: 1);
            Handler.OnStreamEnd(new StreamEnd(9, new ServiceId(service).StreamWith(1), StreamEndReason.Ended, 0));
            Handler.OnPeer(new PeerEvent(9, PeerEventKind.Lost, null, "for the test"));
            Handler.OnWritable(9, new ServiceId(service).StreamWith(1));
            Handler.OnUndelivered(
                new Undelivered(9, new ServiceId(service).StreamWith(1), 0, 1, UndeliveredReason.PeerLost)
            );
        }
    }

    [Test]
    public void An_actor_that_throws_in_DoWork_neither_stops_the_others_nor_keeps_the_loop_awake()
    {
        int worked = 0;
        Add("bad").WhenWorking = () => throw new InvalidTimeZoneException("on purpose");
        Add("good").WhenWorking = () => worked++ == 0 ? 3 : 0;
        Start();

        Assert.That(_loop.DoWork(), Is.EqualTo(3));
        Assert.That(_loop.DoWork(), Is.Zero);
        Assert.That(worked, Is.EqualTo(2));
        Assert.That(_system.Statistics[0].Failures, Is.EqualTo(2));
    }

    [Test]
    public void With_fail_fast_the_exception_ends_the_cycle_and_is_counted_once()
    {
        using ForwardLoop loop = new(new ForwardLoopOptions { FailFast = true });
        ScriptedActor bad = Add("bad", 1);
        bad.When = call =>
        {
            if (call.StartsWith("message", StringComparison.Ordinal))
                throw new InvalidTimeZoneException("on purpose");
        };
        _system.Start(_node, loop);
        loop.Post(() => Send(service: 1, payload: 1));

        Assert.That(() => loop.DoWork(), Throws.InstanceOf<InvalidTimeZoneException>());
        Assert.That(loop.Statistics.CallbackFailures, Is.EqualTo(1));
        Assert.That(_system.Statistics[0].Failures, Is.EqualTo(1));
    }

    [Test]
    public void A_slow_actor_is_counted_and_logged_by_name()
    {
        ScriptedActor slow = Add("slow", 1);
        Add("quick", 2).WhenWorking = () => 0;
        slow.When = call => _time.Advance(TimeSpan.FromMilliseconds(call == "message 2" ? 5 : 0));
        slow.WhenWorking = () =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(3));
            return 0;
        };
        Start();

        _loop.DoWork();
        Send(service: 1, payload: 2);
        Send(service: 1, payload: 1);

        Assert.That(
            _system.Statistics.Select(actor => (actor.SlowCalls, actor.LongestCall)),
            Is.EqualTo([(2L, TimeSpan.FromMilliseconds(5)), (0L, TimeSpan.Zero)])
        );
        Assert.That(_log.TextsOf(1402).Single(), Does.Contain("slow").And.Contain("3000 us").And.Contain("DoWork"));
    }

    [Test]
    public void Names_and_services_are_unique()
    {
        Add("a", 1, 2);
        Assert.Multiple(() =>
        {
            Assert.That(() => Add("a", 3), Throws.ArgumentException.With.Message.Contains("\"a\""));
            Assert.That(
                () => Add("b", 2),
                Throws.ArgumentException.With.Message.Contains("Service 2").And.Message.Contains("\"a\"")
            );
            Assert.That(
                () => Add("b", 4, 5, 4),
                Throws.ArgumentException.With.Message.Contains("Service 4").And.Message.Contains("twice")
            );
            Assert.That(() => Add(" "), Throws.ArgumentException.With.Message.Contains("no name"));
            Assert.That(() => _system.Add(null!), Throws.ArgumentNullException);
            Assert.That(_system.Statistics, Has.Count.EqualTo(1));
            Assert.That(() => Add("b", 4), Throws.Nothing, "a refused actor leaves nothing behind");
        });
    }

    [Test]
    public void A_failing_actor_fails_the_start_by_name_and_the_actors_before_it_are_stopped()
    {
        Add("a");
        ScriptedActor bad = Add("bad");
        Add("never");
        bad.When = call =>
        {
            if (call == "start")
                throw new InvalidTimeZoneException("the port is taken");
        };

        Assert.That(
            Start,
            Throws
                .InvalidOperationException.With.Message.Contains("\"bad\"")
                .And.Message.Contains("the port is taken")
                .And.InnerException.InstanceOf<InvalidTimeZoneException>()
        );
        Assert.That(_calls, Is.EqualTo(["a: start", "bad: start", "bad: stop", "a: stop"]));
        Assert.That(_loop.DoWork(), Is.Zero);
    }

    [Test]
    public void Calls_out_of_order_are_refused()
    {
        Add("a", 1);
        Assert.That(
            () => Send(service: 1, payload: 1),
            Throws.InvalidOperationException.With.Message.Contains("before ForwardNode.Start")
        );
        Start();
        Assert.That(Start, Throws.InvalidOperationException);
        Assert.That(() => Add("late"), Throws.InvalidOperationException.With.Message.Contains("before Start"));
        _loop.DoWork();
        Assert.That(
            () => Eventually.RunsOnOtherThread(_system.Stop),
            Throws.InvalidOperationException.With.Message.Contains("Post")
        );
        _system.Stop();
        _calls.Clear();

        Send(service: 1, payload: 1);
        Handler.OnPeer(new PeerEvent(9, PeerEventKind.Lost, null, "for the test"));
        _loop.DoWork();

        Assert.That(_calls, Is.Empty, "nothing comes after the stop");
        Assert.That(_system.UnownedEvents, Is.EqualTo(1));
    }

    [Test]
    public void An_actor_may_stop_the_system()
    {
        int later = 0;
        ScriptedActor a = Add("a", 1);
        Add("b").WhenWorking = () => later++;
        a.WhenWorking = () =>
        {
            _system.Stop();
            return 1;
        };
        Start();

        Assert.That(_loop.DoWork(), Is.EqualTo(1));
        Assert.That(_loop.DoWork(), Is.Zero);
        Assert.That(later, Is.Zero);
        Assert.That(_calls, Is.EqualTo(["a: start", "b: start", "b: stop", "a: stop"]));
    }

    [Test]
    public void An_actor_works_after_each_event_before_the_loop_sleeps()
    {
        // The message leaves work that only DoWork does. The loop must run another cycle without an event.
        int todo = 0;
        int done = 0;
        ScriptedActor actor = Add("a", 1);
        actor.When = _ => todo++;
        actor.WhenWorking = () =>
        {
            int work = todo;
            todo = 0;
            done += work;
            return work;
        };
        Start(); // one call, start
        _loop.CreateTimer(() => { }).SetAfter(1); // the clock stands still: only bounds an unexpected sleep
        _loop.Post(() => Send(service: 1, payload: 1));

        while (_loop.Statistics.Sleeps == 0)
            _loop.Idle(_loop.DoWork());

        Assert.That((todo, done), Is.EqualTo((0, 2)));
    }

    [Test]
    public void An_event_from_the_flush_is_followed_by_work_before_the_loop_sleeps()
    {
        int worked = 0;
        Add("a", 1).WhenWorking = () =>
        {
            worked++;
            return 0;
        };
        Start();
        bool raised = false;
        _loop.Add(
            new ScriptedFlush(() =>
            {
                if (!raised)
                    Send(service: 1, payload: 1);
                raised = true;
            })
        );

        _loop.DoWork();
        _loop.Sleep(1);
        Assert.That(_loop.Statistics.Sleeps, Is.Zero);
        _loop.DoWork();
        _loop.Sleep(1);

        Assert.That((worked, _loop.Statistics.Sleeps), Is.EqualTo((2, 1L)));
    }

    [Test]
    public void Actors_of_one_node_communicate_through_it()
    {
        ScriptedActor server = Add("server", 7);
        ScriptedActor client = Add("client", new ServiceId(7).Reply);
        server.When = call =>
        {
            if (call == "message 1")
                _node.Send(
                    _node.Id,
                    server.Context!.NewStream(new ServiceId(7).Reply),
                    MessageClass.Reliable,
                    [2],
                    SendOptions.End
                );
        };
        Start();
        _node.Start(_system);
        SendResult sent = _node.Send(
            _node.Id,
            client.Context!.NewStream(7),
            MessageClass.Reliable,
            [1],
            SendOptions.End
        );
        Assert.That(sent.IsAccepted, Is.True);
        _calls.Clear();

        while (_loop.DoWork() > 0) { }

        Assert.That(_calls, Is.SupersetOf(["server: message 1", "client: message 2"]));
        Assert.That(_calls.IndexOf("server: message 1"), Is.LessThan(_calls.IndexOf("client: message 2")));
        Assert.That(_system.UnownedEvents, Is.Zero);
    }

    [Test]
    public void Dispatch_allocates_nothing()
    {
        QuietActor quiet = new();
        _system.Add(quiet, 1, new ServiceId(1).Reply);
        using ForwardLoop loop = new(new ForwardLoopOptions { SlowCycleLimit = TimeSpan.MaxValue });
        _system.Start(_node, loop);

        Turn(2000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Turn(10_000);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.That(allocated, Is.Zero);
        Assert.That(quiet.Messages, Is.EqualTo(12_000));

        void Turn(int count)
        {
            for (int i = 0; i < count; i++)
            {
                Send(service: 1, payload: 1);
                Handler.OnPeer(new PeerEvent(9, PeerEventKind.Suspect, null, "for the test"));
                Handler.OnWritable(9, new ServiceId(1).StreamWith(1));
                loop.DoWork();
            }
        }
    }

    private ScriptedActor Add(string name, params ServiceId[] services)
    {
        ScriptedActor actor = new(name, _calls);
        _system.Add(actor, services);
        return actor;
    }

    private void Start() => _system.Start(_node, _loop);

    private void Send(ushort service, byte payload) =>
        Handler.OnMessage(
            new ReceivedMessage
            {
                Node = 9,
                Stream = new ServiceId(service).StreamWith(1),
                Sequence = 0,
                Class = MessageClass.Reliable,
                Payload = [payload],
            }
        );

    private sealed class QuietActor : IActor
    {
        public string Name => "quiet";

        public int Messages { get; private set; }

        public void OnMessage(in ReceivedMessage message) => Messages++;
    }
}
