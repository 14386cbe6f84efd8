using System.Text.Json;
using FastForward.Host.Control;
using FastForward.Host.Monitoring;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Host;

/// <summary><c>ping</c> and <c>stat</c> against two real hosts, started for each test.</summary>
[TestFixture("SOCKET")]
[TestFixture("IP")]
[Category("Process")]
[Parallelizable]
public sealed class ControlProcessTests(string transport)
{
    private TwoInstances _instances = null!;

    [SetUp]
    public void SetUp() => _instances = new TwoInstances(transport);

    [TearDown]
    public void TearDown() => _instances.Dispose();

    [Test]
    public void A_stopped_process_does_not_answer_until_it_goes_on()
    {
        (_, RunningProgram far) = _instances.StartBothOnOnePath("", "");
        far.Signal(RunningProgram.SIGSTOP);
        using (
            RunningProgram ping = _instances.Ping(
                TwoInstances.Near,
                TwoInstances.Far,
                "--count",
                "2",
                "--interval",
                "0.02",
                "--timeout",
                "0.3"
            )
        )
        {
            Assert.That(ping.WaitForExit(), Is.EqualTo(1), ping.Everything);
            Assert.That(
                ping.Output,
                Does.Contain($"over {_instances.PathTo(TwoInstances.Far)}: seq=2 no answer within 0.3 s")
                    .And.Contain("2 sent, 0 received, 100 % lost")
                    .And.Not.Contain("round trip")
            );
        }

        far.Signal(RunningProgram.SIGCONT);
        using RunningProgram again = _instances.Ping(
            TwoInstances.Near,
            TwoInstances.Far,
            "--count",
            "1",
            "--timeout",
            "20"
        );
        Assert.That(again.WaitForExit(), Is.Zero, again.Everything);
    }

    [Test]
    public void A_killed_process_is_told_from_an_unknown_node()
    {
        (RunningProgram near, RunningProgram far) = _instances.StartBothOnOnePath("", "");
        far.Signal(RunningProgram.SIGKILL);
        far.WaitForExit();
        near.WaitForLine($"Node {TwoInstances.Far}: Suspect");
        using RunningProgram ping = _instances.Ping(
            TwoInstances.Near,
            TwoInstances.Far,
            "--count",
            "1",
            "--timeout",
            "0.3"
        );
        Assert.That(ping.WaitForExit(), Is.EqualTo(1), ping.Everything);
        Assert.That(
            ping.Output,
            Does.Contain(
                transport == "IP"
                    ? $"over {_instances.PathTo(TwoInstances.Far)}: seq=1 no answer within 0.3 s"
                    : $"node {TwoInstances.Far}: seq=1 known but not connected: "
            )
        );

        using RunningProgram unknown = _instances.Ping(TwoInstances.Near, 4711, "--count", "1");
        Assert.That(unknown.WaitForExit(), Is.EqualTo(1), unknown.Everything);
        Assert.That(
            unknown.Everything,
            Is.EqualTo($"no such node: no route of node {TwoInstances.Near} leads to 4711")
        );
    }

    [Test]
    public void Stat_agrees_with_what_went_through_a_bridge()
    {
        using UdpEchoServer server = new(_instances.TargetPort);
        _instances.StartBothOnOnePath(_instances.Bridge, _instances.Outlet);
        using (UdpClientProbe client = new(_instances.BridgePort))
        {
            for (int i = 0; i < 20; i++)
                client.Ask(new byte[100]);
        }

        NodeReport near = Stat(TwoInstances.Near),
            far = Stat(TwoInstances.Far);
        // A bridge adds a byte to each datagram: its hops.
        PeerReport there = near.Peers.Single(),
            back = far.Peers.Single();
        Assert.That(
            (near.Node, there.Node, there.State, there.Reason),
            Is.EqualTo((TwoInstances.Near, TwoInstances.Far, "connected", (string?)null))
        );
        Assert.That(
            (there.MessagesSent, there.PayloadBytesSent, there.MessagesReceived, there.PayloadBytesReceived),
            Is.EqualTo((20L, 2020L, 20L, 2000L))
        );
        Assert.That(
            (back.MessagesSent, back.PayloadBytesSent, back.MessagesReceived, back.PayloadBytesReceived),
            Is.EqualTo((20L, 2000L, 20L, 2020L))
        );
        Assert.That((there.UndeliveredMessages, there.SkippedMessages), Is.EqualTo((0L, 0L)));
        if (transport == "SOCKET") // over IP a message is sent again where an acknowledgement is late
            Assert.That(there.DroppedMessages, Is.Zero);
        PathReport path = there.Paths[0];
        Assert.That(
            (path.Transport, path.State, path.InUse, path.FramesLost, path.LossPercent),
            Is.EqualTo(($"FORWARD_TRANSPORT_{transport}", "sound", true, 0L, 0.0))
        );
        Assert.That(
            near.Transports.Select(static line => line.Type),
            Is.SupersetOf(new[] { "FORWARD_TRANSPORT_IP", "FORWARD_TRANSPORT_SOCKET" })
        );
        Assert.That(
            near.Transports.SelectMany(static line => line.EndPoints),
            Has.Some.Contains($":{_instances.PortOf(TwoInstances.Near)}")
                .And.Some.EqualTo(_instances.SocketFile(TwoInstances.Near))
        );
        Assert.That((near.Loop.Idle, near.Loop.CallbackFailures), Is.EqualTo(("adaptive", 0L)));
        Assert.That(near.Loop.Cycles, Is.GreaterThan(20));

        string table = Table();
        string shown = transport == "SOCKET" ? "MEMORY" : transport;
        Assert.That(
            table,
            Does.Match($@"(?m)^ *{TwoInstances.Far} +up +{shown}\+?.* 0 +0 +0 +0 +0 +0 +0 +0 ")
                .And.Contain($"node {TwoInstances.Near}  up ")
                .And.Match($@"(?m)^bridge +127\.0\.0\.1:{_instances.BridgePort} +1 +1 +0 +0 +20 +20 +0$"),
            table
        );
        Assert.That(table.Split('\n').Select(static line => line.Length), Is.All.LessThanOrEqualTo(100));
        Assert.That(table, Does.Not.Contain('\e'));
    }

    [Test]
    public void Stat_tells_why_a_peer_is_not_there()
    {
        RunningProgram near = _instances.Start(TwoInstances.Near, "");
        near.WaitForLine($"Node {TwoInstances.Near} runs");
        PeerReport peer = Stat(TwoInstances.Near).Peers.Single();
        Assert.That(peer.State, Is.EqualTo("notHeard"));
        Assert.That(
            peer.Reason,
            Does.Contain(
                transport == "IP"
                    ? $"127.0.0.1:{_instances.PortOf(TwoInstances.Far)}"
                    : _instances.SocketFile(TwoInstances.Far)
            )
        );
    }

    [Test]
    public void Stat_tells_of_a_refused_claim_apart_from_the_reason_of_the_peer()
    {
        RunningProgram near = _instances.Start(TwoInstances.Near, "");
        near.WaitForLine($"Node {TwoInstances.Near} runs");
        // The id of the peer, from another port.
        string file = Path.Combine(_instances.DirectoryName, "stranger.conf");
        File.WriteAllText(
            file,
            $"""
            network={TwoInstances.Far}
            port={_instances.TargetPort}
            addresses=127.0.0.1
            socket-directory={_instances.DirectoryName}
            [OverriddenNodes]
            {TwoInstances.Near} = 0, FORWARD_TRANSPORT_IP, 127.0.0.1, {_instances.PortOf(TwoInstances.Near)}
            """
        );
        using RunningProgram stranger = RunningProgram.StartHost("run", "--instance", file);
        near.WaitForLine($"Node {TwoInstances.Far}: Refused");
        PeerReport peer = Stat(TwoInstances.Near).Peers.Single();
        Assert.That(peer.RefusedClaim, Does.Contain($"came by IP from 127.0.0.1:{_instances.TargetPort}"));
        Assert.That(peer.RefusedClaimSecondsAgo, Is.InRange(0, 60));
        Assert.That(peer.Reason, Does.Contain($"{_instances.PortOf(TwoInstances.Far)}"), "what the row waits for");

        string table = Table();
        Assert.That(
            table,
            Does.Match($"(?m)^{TwoInstances.Far} NEVER ").And.Match($"(?m)^{TwoInstances.Far} +refused [0-9]+s ago: ")
        );
    }

    private string Table()
    {
        using RunningProgram table = RunningProgram.StartHost(
            "stat",
            "--once",
            "--interval",
            "0.1",
            "--instance",
            _instances.InstanceFile(TwoInstances.Near)
        );
        Assert.That(table.WaitForExit(), Is.Zero, table.Everything);
        return table.Output;
    }

    [TestCase("", "process ")]
    [TestCase("--json", "\"processId\":")]
    public void Stat_goes_on_when_its_host_is_restarted(string option, string process)
    {
        RunningProgram near = _instances.Start(TwoInstances.Near, "");
        near.WaitForLine($"Node {TwoInstances.Near} runs");
        string[] options = option.Length == 0 ? [] : [option];
        using RunningProgram stat = RunningProgram.StartHost([
            "stat",
            "--interval",
            "0.2",
            "--socket",
            _instances.ControlSocket(TwoInstances.Near),
            .. options,
        ]);
        stat.WaitForLine($"{process}{near.Id}");
        near.Signal(RunningProgram.SIGTERM);
        Assert.That(near.WaitForExit(), Is.Zero);
        stat.WaitForLine("no host runs (no socket at ");
        RunningProgram again = _instances.Start(TwoInstances.Near, "");
        stat.WaitForLine($"{process}{again.Id}");
        stat.Signal(RunningProgram.SIGINT);
        Assert.That(stat.WaitForExit(), Is.Zero, stat.Everything);
        if (option.Length > 0)
            Assert.That(stat.Everything.Split("no host runs (").Length, Is.EqualTo(2), "it is told once");
    }

    private NodeReport Stat(uint node)
    {
        using RunningProgram stat = RunningProgram.StartHost(
            "stat",
            "--once",
            "--json",
            "--socket",
            _instances.ControlSocket(node)
        );
        Assert.That(stat.WaitForExit(), Is.Zero, stat.Everything);
        return JsonSerializer.Deserialize(stat.Output, MonitoringJson.Default.NodeReport)!;
    }
}
