using System.Security.Cryptography;
using FastForward.Transport;
using FastForward.Transport.Registry;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Node;

/// <summary>Nodes whose rows name keys, over real sockets.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class KeyNodeTests : IDisposable
{
    private const uint First = 25011;
    private const uint Second = 250012;

    private readonly NodeWorld _world = new();
    private readonly List<ForwardKey> _keys = [];

    [TestCase(TransportKind.Ip, false, true)]
    [TestCase(TransportKind.Socket, false, false)]
    [TestCase(TransportKind.Socket, true, true)]
    [TestCase(TransportKind.VSocket, false, false)]
    public void The_key_of_the_rows_is_proven_on_every_medium(TransportKind kind, bool sealsLocal, bool isSealed)
    {
        ForwardKey key = Generate(5);
        (TestNode a, TestNode b) = Pair(
            kind,
            options =>
            {
                options.Keys = [key];
                options.SealLocal = sealsLocal;
            }
        );
        PathStatus path = a.Node.GetPeer(b.Id)!.Paths.Single(static path => path.IsInUse);
        Assert.That((path.KeyId, path.IsSealed), Is.EqualTo((5u, isSealed)));
        byte[] payload = RandomNumberGenerator.GetBytes(1000);
        Assert.That(a.Node.Send(b.Id, 1, MessageClass.Reliable, payload).IsAccepted, Is.True);
        _world.Until(() => b.Messages.Count == 1, "the message");
        Assert.That(b.Messages[0].Payload, Is.EqualTo(payload));
    }

    [Test]
    public void Two_keys_under_one_id_are_told_on_both_sides_in_one_line()
    {
        ForwardKey one = Generate(5);
        ForwardKey two = Generate(5);
        TestNode a = _world.Start(First, options => options.Keys = [one]);
        TestNode b = _world.Start(Second, options => options.Keys = [two]);
        Route(a, b, TransportKind.Ip, 5);
        Route(b, a, TransportKind.Ip, 5);
        _world.Until(
            () => Refusals(a).Concat(Refusals(b)).Any(static reason => reason.Contains("the peer refused")),
            "the refusal"
        );
        Assert.That(
            Refusals(a).Concat(Refusals(b)),
            Has.Some.Contains("its key of that number is another one: copy the key from one node to the other")
        );
        Assert.That(
            Refusals(a).Concat(Refusals(b)),
            Has.Some.Match("it connects with key 5 from 127.0.0.1:[0-9]+, but its key 5 is another one")
        );
        Assert.That(a.IsConnectedTo(b), Is.False);
    }

    [Test]
    public void A_missing_key_is_told_on_both_sides()
    {
        ForwardKey key = Generate(5);
        TestNode a = _world.Start(First, options => options.Keys = [key]);
        TestNode b = _world.Start(Second);
        Route(a, b, TransportKind.Ip, 5);
        Route(b, a, TransportKind.Ip, 5);
        _world.Until(() => Refusals(a).Any() && Refusals(b).Any(), "both refusals");
        Assert.That(Refusals(a), Has.Some.Contains("it has no such key for this node: add the key there"));
        Assert.That(Refusals(b), Has.Some.Contains("this node has no such key for it: add the key here"));
        Assert.That(
            b.Changes.Where(static change => change.Kind == PeerEventKind.Unusable)
                .Select(static change => change.Reason),
            Is.EqualTo(new[] { "its rows name key 5, which this node does not have" })
        );
    }

    [Test]
    public void A_node_without_key_is_refused_where_one_is_demanded_whatever_the_rows_say([Values] bool fromAll)
    {
        ForwardKey key = Generate(5);
        TestNode a = _world.Start(First);
        TestNode b = _world.Start(
            Second,
            options =>
            {
                options.Keys = [key];
                options.RequireKeyFromAll = fromAll;
                options.RequireKey = fromAll ? [] : [First];
            }
        );
        Route(a, b, TransportKind.Socket, 0);
        Route(b, a, TransportKind.Socket, 0);
        _world.Until(
            () => b.Node.GetPeer(a.Id)?.RefusedClaim?.Contains("this node demands one (require-key)") == true,
            "the refusal"
        );
        Assert.That(a.IsConnectedTo(b) || b.IsConnectedTo(a), Is.False);
        a.Node.ReplaceKeys([key]);
        _world.Until(
            () => a.IsConnectedTo(b) && b.IsConnectedTo(a),
            "the connection that this node opens with its key"
        );
    }

    [Test]
    public void Keys_rotate_under_traffic_and_nothing_is_lost()
    {
        ForwardKey old = Generate(1);
        ForwardKey next = Generate(2);
        (TestNode a, TestNode b) = Pair(TransportKind.Ip, options => options.Keys = [old], keyId: 1);
        int sent = 0;
        Talk(a, b, 100, ref sent);
        a.Node.ReplaceKeys([old, next]);
        Talk(a, b, 100, ref sent);
        b.Node.ReplaceKeys([old, next]);
        Talk(a, b, 100, ref sent);
        Route(b, a, TransportKind.Ip, 2);
        Talk(a, b, 100, ref sent);
        Route(a, b, TransportKind.Ip, 2);
        _world.Until(
            () => KeysOf(a, b).All(static key => key == 2) && KeysOf(b, a).All(static key => key == 2),
            "paths with the new key alone"
        );
        Talk(a, b, 100, ref sent);
        a.Node.ReplaceKeys([next]);
        Talk(a, b, 100, ref sent);
        b.Node.ReplaceKeys([next]);
        Talk(a, b, 100, ref sent);
        _world.Until(() => b.Messages.Count == 2 * sent && a.Messages.Count == 2 * sent, "all messages");
        foreach (TestNode node in (TestNode[])[a, b])
        {
            foreach (ulong stream in (ulong[])[1, 2])
                Assert.That(
                    node.Messages.Where(message => message.Stream == stream).Select(static message => message.Sequence),
                    Is.EqualTo(Enumerable.Range(0, sent).Select(static i => (ulong)i)),
                    "lost 0, repeated 0, reordered 0"
                );
        }

        Assert.That(a.Changes.Select(static change => change.Kind), Has.None.EqualTo(PeerEventKind.Lost));
        Assert.That(b.Changes.Select(static change => change.Kind), Has.None.EqualTo(PeerEventKind.Lost));
    }

    [Test]
    public void Removing_a_key_that_is_in_use_ends_the_path_and_is_told()
    {
        ForwardKey key = Generate(5);
        (TestNode a, TestNode b) = Pair(TransportKind.Ip, options => options.Keys = [key]);
        b.Node.ReplaceKeys([]);
        _world.Until(() => !KeysOf(b, a).Any() && !KeysOf(a, b).Any(), "the end of the path on both sides");
        _world.Until(() => Refusals(a).Any(static reason => reason.Contains("KeyUnknown")), "the reason");
        Assert.That(
            b.Changes.Where(static change => change.Kind == PeerEventKind.Unusable)
                .Select(static change => change.Reason),
            Has.Some.EqualTo("its rows name key 5, which this node does not have")
        );
        b.Node.ReplaceKeys([key]);
        _world.Until(() => a.IsConnectedTo(b) && b.IsConnectedTo(a), "the connection with the key that is there again");
    }

    [Test]
    public void Replacing_keys_by_the_same_ones_changes_nothing()
    {
        ForwardKey key = Generate(5);
        (TestNode a, TestNode b) = Pair(TransportKind.Ip, options => options.Keys = [key]);
        int changes = a.Changes.Count;
        int sent = 0;
        Talk(a, b, 50, ref sent);
        a.Node.ReplaceKeys([key, Generate(6)]);
        Talk(a, b, 50, ref sent);
        _world.Until(() => b.Messages.Count == 2 * sent, "the messages");
        Assert.That(a.Changes, Has.Count.EqualTo(changes));
    }

    [Test]
    public void A_wall_clock_that_is_set_by_seconds_ends_sealed_paths_and_new_ones_are_opened()
    {
        SettableClock time = new();
        using NodeWorld world = new(time);
        ForwardKey key = Generate(5);
        TestNode a = world.Start(First, options => options.Keys = [key]);
        TestNode b = world.Start(Second, options => options.Keys = [key]);
        Route(a, b, TransportKind.Ip, 5);
        Route(b, a, TransportKind.Ip, 5);
        Pass(() => a.IsConnectedTo(b) && b.IsConnectedTo(a));
        long before = a.Node.Peers.Find(Second)!.Paths.Max(static path => path.Id);
        for (int i = 0; i < 50; i++)
            Turn();
        Assert.That(a.Node.Peers.Find(Second)!.Paths.Max(static path => path.Id), Is.EqualTo(before), "time passes");
        time.Step = TimeSpan.FromHours(1);
        Pass(() => a.Node.Peers.Find(Second)!.Paths.Any(path => path.IsSound && path.Id > before));
        Pass(() => a.IsConnectedTo(b) && b.IsConnectedTo(a));

        void Pass(Func<bool> condition)
        {
            for (int i = 0; i < 1_000 && !condition(); i++)
                Turn();
            Assert.That(condition(), Is.True, string.Join('\n', a.Changes));
        }

        void Turn()
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            world.Cycle();
            world.Cycle();
        }
    }

    public void Dispose()
    {
        _world.Dispose();
        foreach (ForwardKey key in _keys)
            key.Dispose();
    }

    private ForwardKey Generate(uint id)
    {
        ForwardKey key = ForwardKey.Generate(id, First, Second);
        _keys.Add(key);
        return key;
    }

    private (TestNode A, TestNode B) Pair(TransportKind kind, Action<ForwardNodeOptions> configure, uint keyId = 5)
    {
        TestNode a = _world.Start(First, configure);
        TestNode b = _world.Start(Second, configure);
        Route(a, b, kind, keyId);
        Route(b, a, kind, keyId);
        _world.Until(() => a.IsConnectedTo(b) && b.IsConnectedTo(a), "both nodes connected");
        return (a, b);
    }

    private static void Route(TestNode node, TestNode other, TransportKind kind, uint keyId) =>
        node.Route(
            kind switch
            {
                TransportKind.Ip => new RouteRow(other.Id, keyId, kind, other.Address.ToString(), other.UdpPort),
                TransportKind.VSocket => new RouteRow(other.Id, keyId, kind, "1", other.VSocketPort),
                _ => new RouteRow(other.Id, keyId, kind, "", other.SocketPort),
            }
        );

    // Both classes in both directions, with turns of the loop between.
    private void Talk(TestNode a, TestNode b, int messages, ref int sent)
    {
        for (int i = 0; i < messages; i++)
        {
            foreach ((TestNode from, TestNode to) in new[] { (a, b), (b, a) })
            {
                Assert.That(from.Node.Send(to.Id, 1, MessageClass.Reliable, "reliable"u8).IsAccepted, Is.True);
                Assert.That(from.Node.Send(to.Id, 2, MessageClass.RealTime, "voice"u8).IsAccepted, Is.True);
            }

            _world.Cycle();
            _world.Cycle();
        }

        sent += messages;
    }

    private sealed class SettableClock : FakeTimeProvider
    {
        public TimeSpan Step { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Step;

        public override long GetTimestamp() => base.GetUtcNow().Ticks;
    }

    private static IEnumerable<string> Refusals(TestNode node) =>
        node
            .Changes.Where(static change => change.Kind == PeerEventKind.Refused)
            .Select(static change => change.Reason);

    private static IEnumerable<uint> KeysOf(TestNode node, TestNode other) =>
        node
            .Node.GetPeer(other.Id)!
            .Paths.Where(static path => path.State is PathState.Sound)
            .Select(static path => path.KeyId);
}
