using System.Text.Json;
using FastForward.Host.Control;
using FastForward.Host.Monitoring;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Host;

/// <summary><c>ping</c> and <c>stat</c> against two real hosts.</summary>
[TestFixture("SOCKET")]
[TestFixture("IP")]
[Category("Process")]
public sealed class ControlProcessTests(string transport)
{
    private TwoInstances _instances = null!;

    [SetUp]
    public void SetUp() => _instances = new TwoInstances(transport);

    [TearDown]
    public void TearDown() => _instances.Dispose();

    [Test]
    public void Ping_works_both_ways_and_to_itself()
    {
        StartBoth("", "");
        foreach (
            (uint from, uint to) in new[]
            {
                (TwoInstances.Near, TwoInstances.Far),
                (TwoInstances.Far, TwoInstances.Near),
            }
        )
        {
            using RunningProgram ping = Ping(from, to, "--count", "3", "--interval", "0.02", "--size", "1100");
            Assert.That(ping.WaitForExit(), Is.Zero, ping.Everything);
            string path = $"node {to} over {transport}: seq=";
            Assert.That(
                ping.Output,
                Does.Contain($"PING node {to} from node {from}, probes filled up with 1100 bytes")
                    .And.Contain($"{path}1 time=")
                    .And.Contain($"{path}3 time=")
                    .And.Contain($"--- node {to}: 3 sent, 3 received, 0 % lost")
                    .And.Contain("round trip min ")
            );
        }

        using RunningProgram self = Ping(TwoInstances.Near, TwoInstances.Near, "--count", "1");
        Assert.That(self.WaitForExit(), Is.Zero, self.Everything);
        Assert.That(self.Output, Does.Contain("(this node itself)").And.Contain("1 sent, 1 received"));
    }

    [Test]
    public void Ping_prints_json_that_agrees_with_itself()
    {
        StartBoth("", "");
        using RunningProgram ping = Ping(
            TwoInstances.Near,
            TwoInstances.Far,
            "--count",
            "5",
            "--interval",
            "0.02",
            "--json"
        );
        Assert.That(ping.WaitForExit(), Is.Zero, ping.Everything);
        PingLine[] lines =
        [
            .. ping
                .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(static line => JsonSerializer.Deserialize(line, MonitoringJson.Default.PingLine)!),
        ];
        Assert.That(lines, Has.Length.EqualTo(6));
        PingReply[] replies = [.. lines[..5].Select(static line => line.Reply!)];
        Assert.That(replies.Select(static reply => reply.Sequence), Is.EqualTo(new long[] { 1, 2, 3, 4, 5 }));
        Assert.That(
            replies,
            Is.All.Matches<PingReply>(reply =>
                reply is { Outcome: "answered", InUse: true } && reply.Transport == $"FORWARD_TRANSPORT_{transport}"
            )
        );
        PingFigures summary = lines[5].Summary!;
        Assert.That(
            (summary.Node, summary.Sent, summary.Received, summary.LossPercent),
            Is.EqualTo((TwoInstances.Far, 5L, 5L, 0.0))
        );
        Assert.That(summary.MinMicros, Is.EqualTo(replies.Min(static reply => reply.RoundTripMicros)));
        Assert.That(summary.MaxMicros, Is.EqualTo(replies.Max(static reply => reply.RoundTripMicros)));
        Assert.That(
            summary.MeanMicros,
            Is.EqualTo(replies.Average(static reply => reply.RoundTripMicros)).Within(0.001)
        );
    }

    [Test]
    public void Ctrl_C_ends_a_ping_with_its_summary()
    {
        StartBoth("", "");
        using RunningProgram ping = Ping(TwoInstances.Near, TwoInstances.Far, "--interval", "0.05");
        ping.WaitForLine("seq=3 time=");
        ping.Signal(RunningProgram.SIGINT);
        Assert.That(ping.WaitForExit(), Is.Zero, ping.Everything);
        Assert.That(ping.Output, Does.Contain($"--- node {TwoInstances.Far}: ").And.Contain("0 % lost"));
    }

    [Test]
    public void A_stopped_process_does_not_answer_until_it_goes_on()
    {
        (_, RunningProgram far) = StartBoth("", "");
        far.Signal(RunningProgram.SIGSTOP);
        using (
            RunningProgram ping = Ping(
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
                Does.Contain($"over {transport}: seq=2 no answer within 0.3 s")
                    .And.Contain("2 sent, 0 received, 100 % lost")
                    .And.Not.Contain("round trip")
            );
        }

        far.Signal(RunningProgram.SIGCONT);
        using RunningProgram again = Ping(TwoInstances.Near, TwoInstances.Far, "--count", "1", "--timeout", "20");
        Assert.That(again.WaitForExit(), Is.Zero, again.Everything);
    }

    [Test]
    public void A_killed_process_is_told_from_an_unknown_node()
    {
        (RunningProgram near, RunningProgram far) = StartBoth("", "");
        far.Signal(RunningProgram.SIGKILL);
        far.WaitForExit();
        near.WaitForLine($"Node {TwoInstances.Far}: Suspect");
        using RunningProgram ping = Ping(TwoInstances.Near, TwoInstances.Far, "--count", "1", "--timeout", "0.3");
        Assert.That(ping.WaitForExit(), Is.EqualTo(1), ping.Everything);
        Assert.That(
            ping.Output,
            Does.Contain(
                transport == "IP"
                    ? "over IP: seq=1 no answer within 0.3 s"
                    : $"node {TwoInstances.Far}: seq=1 known but not connected: "
            )
        );

        using RunningProgram unknown = Ping(TwoInstances.Near, 4711, "--count", "1");
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
        StartBoth(_instances.Bridge, _instances.Outlet);
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
        Assert.That(
            (there.UndeliveredMessages, there.SkippedMessages, there.DroppedMessages),
            Is.EqualTo((0L, 0L, 0L))
        );
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

        using RunningProgram table = RunningProgram.StartHost(
            "stat",
            "--once",
            "--interval",
            "0.1",
            "--instance",
            _instances.InstanceFile(TwoInstances.Near)
        );
        Assert.That(table.WaitForExit(), Is.Zero, table.Everything);
        Assert.That(
            table.Output,
            Does.Match($@"(?m)^ *{TwoInstances.Far} +up +{transport}\+?.* 0 +0 +0 +0 +0 +0 +0 +0 ")
                .And.Contain($"node {TwoInstances.Near}  up ")
                .And.Match($@"(?m)^bridge +127\.0\.0\.1:{_instances.BridgePort} +1 +1 +0 +0 +20 +20 +0$"),
            table.Output
        );
        Assert.That(table.Output.Split('\n').Select(static line => line.Length), Is.All.LessThanOrEqualTo(100));
        Assert.That(table.Output, Does.Not.Contain('\e'));
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

        using RunningProgram table = RunningProgram.StartHost(
            "stat",
            "--once",
            "--interval",
            "0.1",
            "--instance",
            _instances.InstanceFile(TwoInstances.Near)
        );
        Assert.That(table.WaitForExit(), Is.Zero, table.Everything);
        Assert.That(
            table.Output,
            Does.Match($"(?m)^{TwoInstances.Far} NEVER ").And.Match($"(?m)^{TwoInstances.Far} +refused [0-9]+s ago: ")
        );
    }

    [Test]
    public void Stat_draws_in_place_in_a_terminal()
    {
        string script = Requires.Program("script", "bsdutils");
        StartBoth("", "");
        using RunningProgram terminal = RunningProgram.Start(
            script,
            "--quiet",
            "--flush",
            "--command",
            $"stty cols 100 rows 30; {RunningProgram.HostPath} stat --interval 0.1 --instance "
                + $"{_instances.InstanceFile(TwoInstances.Near)}",
            "/dev/null"
        );
        terminal.WaitForLines($"{TwoInstances.Far} up ", 3);
        Assert.That(terminal.Output, Does.Contain("\e[H").And.Contain("\e[K"));
    }

    [TestCase("stat --interval 0.1")]
    [TestCase("stat --interval 0.1 --json")]
    [TestCase("ping 250012 --interval 0.05")]
    public void A_command_ends_when_the_reader_of_its_output_has_closed_it(string command)
    {
        StartBoth("", "");
        using RunningProgram pipe = RunningProgram.Start(
            "bash",
            "-c",
            $"'{RunningProgram.HostPath}' {command} --instance '{_instances.InstanceFile(TwoInstances.Near)}' "
                + "| head -n 1; "
                + "echo \"exit code ${PIPESTATUS[0]}\""
        );
        Assert.That(pipe.WaitForExit(), Is.Zero, pipe.Everything);
        Assert.That(pipe.Output, Does.Contain("exit code 1"), pipe.Everything);
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

    private RunningProgram Ping(uint from, uint to, params string[] arguments) =>
        RunningProgram.StartHost(["ping", $"{to}", "--instance", _instances.InstanceFile(from), .. arguments]);

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

    // Both connect at first, and one of two crossed links goes: a probe on it would have no answer.
    private (RunningProgram Near, RunningProgram Far) StartBoth(string nearSections, string farSections)
    {
        (RunningProgram Near, RunningProgram Far) hosts = _instances.StartBoth(nearSections, farSections);
        Eventually.True(
            () => HasOnePath(TwoInstances.Near) && HasOnePath(TwoInstances.Far),
            static () => "one path between them"
        );
        return hosts;
    }

    private bool HasOnePath(uint node)
    {
        using ControlClient client = ControlClient.Ask(
            _instances.ControlSocket(node),
            new ControlRequest { Command = "stat" }
        );
        return client
                .ReadAsync(RunningProgram.Limit, CancellationToken.None)
                .GetAwaiter()
                .GetResult()
                .Stat!.Peers.Single()
                .Paths.Count == 1;
    }
}
