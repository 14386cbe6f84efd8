using System.Text.Json;
using FastForward.Host.Control;
using FastForward.Host.Monitoring;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Host;

/// <summary>What <c>ping</c> and <c>stat</c> write about two connected hosts; all tests ask the same two.</summary>
[TestFixture("SOCKET")]
[TestFixture("IP")]
[Category("Process")]
[Parallelizable]
public sealed class CommandProcessTests(string transport)
{
    private TwoInstances _instances = null!;

    [OneTimeSetUp]
    public void Start()
    {
        _instances = new TwoInstances(transport);
        _instances.StartBothOnOnePath("", "");
    }

    [OneTimeTearDown]
    public void Stop() => _instances.Dispose();

    [Test]
    public void Ping_works_both_ways_and_to_itself()
    {
        foreach (
            (uint from, uint to) in new[]
            {
                (TwoInstances.Near, TwoInstances.Far),
                (TwoInstances.Far, TwoInstances.Near),
            }
        )
        {
            using RunningProgram ping = _instances.Ping(
                from,
                to,
                "--count",
                "3",
                "--interval",
                "0.02",
                "--size",
                "1100"
            );
            Assert.That(ping.WaitForExit(), Is.Zero, ping.Everything);
            string path = $"node {to} over {_instances.PathTo(to)}: seq=";
            Assert.That(
                ping.Output,
                Does.Contain($"PING node {to} from node {from}, probes filled up with 1100 bytes")
                    .And.Contain($"{path}1 time=")
                    .And.Contain($"{path}3 time=")
                    .And.Contain($"--- node {to}: 3 sent, 3 received, 0 % lost")
                    .And.Contain("round trip min ")
            );
        }

        using RunningProgram self = _instances.Ping(TwoInstances.Near, TwoInstances.Near, "--count", "1");
        Assert.That(self.WaitForExit(), Is.Zero, self.Everything);
        Assert.That(self.Output, Does.Contain("(this node itself)").And.Contain("1 sent, 1 received"));
    }

    [Test]
    public void Ping_prints_json_that_agrees_with_itself()
    {
        using RunningProgram ping = _instances.Ping(
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
        using RunningProgram ping = _instances.Ping(TwoInstances.Near, TwoInstances.Far, "--interval", "0.05");
        ping.WaitForLine("seq=3 time=");
        ping.Signal(RunningProgram.SIGINT);
        Assert.That(ping.WaitForExit(), Is.Zero, ping.Everything);
        Assert.That(ping.Output, Does.Contain($"--- node {TwoInstances.Far}: ").And.Contain("0 % lost"));
    }

    [Test]
    public void Stat_draws_in_place_in_a_terminal()
    {
        string script = Requires.Program("script", "bsdutils");
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
}
