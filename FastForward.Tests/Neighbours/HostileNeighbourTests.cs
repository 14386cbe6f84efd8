using System.Globalization;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using FastForward.Tests.Node;
using FastForward.Transport;
using FastForward.Transport.Interop;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Neighbours;

/// <summary>
/// What a process of another user of this host can do to two nodes with a key that speak by UNIX sockets: nothing
/// without the key.
/// </summary>
[Category("Process")]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[SupportedOSPlatform("linux")]
public sealed class HostileNeighbourTests : IDisposable
{
    private const uint Peer = 25_011;
    private const uint Victim = 250_012;
    private const uint Other = 77;
    private const int FreePort = 999;

    private static readonly Dictionary<uint, uint> s_boundToOther = new() { [Other] = Neighbour.UserId };
    private static readonly Dictionary<uint, uint> s_boundToPeer = new() { [Peer] = Neighbour.UserId };

    private readonly NodeWorld _world = new();
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly ForwardKey _key;
    private TestProcess? _neighbour;

    public HostileNeighbourTests()
    {
        _key = new ForwardKey(Neighbour.KeyId, _secret, Peer, Victim);
        if (LibC.EffectiveUserId() != 0)
            TestEnvironment.Missing("only root can become another user");
        File.SetUnixFileMode(_world.SocketDirectory, (UnixFileMode)0x3FF); // 1777, as /tmp
    }

    [Test]
    public void Who_takes_the_socket_of_a_node_is_not_that_node([Values] bool isUserAllowed, [Values] bool hasWrongKey)
    {
        TestNode victim = StartVictim(isUserAllowed ? s_boundToPeer : null);
        StartNode(PortOf(Peer), hasWrongKey ? RandomNumberGenerator.GetBytes(32) : null);
        victim.Route(new RouteRow(Peer, Neighbour.KeyId, TransportKind.Socket, "", PortOf(Peer)));
        string reason =
            !isUserAllowed ? "runs as user id 4711; allowed are 0"
            : hasWrongKey ? "its key of that number is another one"
            : "it has no such key for this node";
        _world.Until(
            () => victim.Node.GetPeer(Peer)?.Reason?.Contains(reason, StringComparison.Ordinal) == true,
            reason
        );
        Assert.That(victim.Changes.Select(static change => change.Kind), Has.None.EqualTo(PeerEventKind.Connected));
        Assert.That(victim.Node.GetPeer(Peer)!.State, Is.EqualTo(PeerState.Connecting));
    }

    [Test]
    public void A_user_who_is_not_allowed_is_refused_before_the_key_is_asked_for()
    {
        TestNode victim = StartVictim(null);
        victim.Route(new RouteRow(Peer, Neighbour.KeyId, TransportKind.Socket, "", PortOf(Peer)));
        StartNode(FreePort, _secret);
        _world.Until(() => victim.Socket.Statistics.NotPermitted > 0, "the refusal");
        Assert.That(victim.Node.Statistics.FramesReceived, Is.Zero, "no frame is read");
        Assert.That(victim.Node.GetPeer(Peer)?.State, Is.Not.EqualTo(PeerState.Connected));
    }

    [Test]
    public void The_key_proves_a_node_of_any_user_that_is_allowed([Values] bool hasKey)
    {
        TestNode victim = StartVictim(s_boundToOther);
        victim.Route(new RouteRow(Peer, Neighbour.KeyId, TransportKind.Socket, "", PortOf(Peer)));
        StartNode(FreePort, hasKey ? _secret : null);
        if (hasKey)
        {
            _world.Until(() => victim.Node.GetPeer(Peer)?.State == PeerState.Connected, "the connection");
            return;
        }

        _world.Until(() => victim.Node.Statistics.RefusedHandshakes > 0, "the refusal");
        Assert.That(victim.Node.GetPeer(Peer)!.State, Is.EqualTo(PeerState.Connecting));
    }

    [Test]
    public void A_claim_without_the_right_key_does_not_touch_the_node_that_runs([Values] bool hasWrongKey)
    {
        (TestNode peer, TestNode victim) = StartBoth();
        StartNode(FreePort, hasWrongKey ? RandomNumberGenerator.GetBytes(32) : null);
        _world.Until(() => victim.Node.Statistics.RefusedHandshakes > 0, "the refusal");
        string reason = hasWrongKey ? "but its key 5 is another one" : "it connects without a key by UNIX socket";
        Assert.That(
            victim.Changes.Where(static change => change.Kind == PeerEventKind.Refused).Select(static c => c.Reason),
            Has.Some.Contains(reason).And.All.Contains("4711")
        );
        AssertUnharmed(peer, victim);
    }

    [Test]
    public void A_second_process_with_the_key_waits_while_the_first_one_answers()
    {
        (TestNode peer, TestNode victim) = StartBoth();
        StartNode(FreePort, _secret);
        Task<string> told = Task.Run(() => ReadUntil("NodeIdConflict"));
        _world.Until(
            () => told.IsCompleted && victim.Changes.Any(static change => change.Kind == PeerEventKind.NodeIdConflict),
            "the conflict, told on both sides"
        );
        AssertUnharmed(peer, victim);
    }

    [Test]
    public void A_flood_of_connections_harms_no_call()
    {
        const int Connections = 5_000;
        (TestNode peer, TestNode victim) = StartBoth();
        _neighbour = TestProcess.Start("neighbour", "connects", SocketOf(victim), $"{Connections}");
        Task<string> count = Task.Run(_neighbour.ReadLine);
        int sent = 0;
        _world.Until(
            () =>
            {
                Assert.That(peer.Node.Send(Victim, 1, MessageClass.RealTime, "voice"u8).IsAccepted, Is.True);
                sent++;
                return count.IsCompleted;
            },
            "the end of the flood"
        );
        int connected = int.Parse(count.Result, CultureInfo.InvariantCulture);
        Assert.That(connected, Is.Positive);
        TestContext.Out.WriteLine($"{connected} connections, {sent} messages meanwhile");
        _world.Until(() => victim.Messages.Count == sent, "all messages");
        AssertUnharmed(peer, victim, sent);
    }

    public void Dispose()
    {
        _neighbour?.Dispose();
        _world.Dispose();
        _key.Dispose();
    }

    private static int PortOf(uint node) => (int)(node % 60_000) + 1;

    private string SocketOf(TestNode node) => $"{_world.SocketDirectory}/FastForward.{node.SocketPort}.sock";

    private TestNode StartVictim(Dictionary<uint, uint>? users)
    {
        TestNode victim = _world.Start(Victim, options => options.Keys = [_key], vsockets: false, userIds: users);
        File.SetUnixFileMode(SocketOf(victim), (UnixFileMode)0x1B6); // 0666: the kernel lets everyone connect
        return victim;
    }

    // The kernel says that the neighbour may be the peer: only the key says who is.
    private (TestNode Peer, TestNode Victim) StartBoth()
    {
        TestNode victim = StartVictim(s_boundToPeer);
        TestNode peer = _world.Start(Peer, options => options.Keys = [_key], vsockets: false);
        victim.Route(new RouteRow(Peer, Neighbour.KeyId, TransportKind.Socket, "", peer.SocketPort));
        peer.Route(new RouteRow(Victim, Neighbour.KeyId, TransportKind.Socket, "", victim.SocketPort));
        _world.Until(() => peer.IsConnectedTo(victim) && victim.IsConnectedTo(peer), "both connected");
        return (peer, victim);
    }

    // As the peer, to the victim.
    private void StartNode(int port, byte[]? secret)
    {
        _neighbour = TestProcess.Start(
            "neighbour",
            "node",
            _world.SocketDirectory,
            $"{port}",
            $"{Peer}",
            $"{PortOf(Victim)}",
            $"{Victim}",
            secret is null ? "" : Convert.ToHexString(secret)
        );
        Assert.That(ReadUntil("runs"), Is.EqualTo("runs"));
    }

    private string ReadUntil(string start)
    {
        string line = "";
        while (!line.Contains(start, StringComparison.Ordinal))
            line = _neighbour!.ReadLine();
        return line;
    }

    private void AssertUnharmed(TestNode peer, TestNode victim, int before = 0)
    {
        for (int i = 0; i < 100; i++)
            Assert.That(peer.Node.Send(Victim, 1, MessageClass.RealTime, "voice"u8).IsAccepted, Is.True);
        _world.Until(() => victim.Messages.Count == before + 100, "all messages");
        Assert.That(
            victim.Messages.Select(static message => message.Sequence),
            Is.EqualTo(Enumerable.Range(0, before + 100).Select(static i => (ulong)i)),
            "one association, lost 0, repeated 0, reordered 0"
        );
        foreach (TestNode node in new[] { peer, victim })
            Assert.That(node.Changes.Select(static change => change.Kind), Has.None.EqualTo(PeerEventKind.Lost));
    }
}
