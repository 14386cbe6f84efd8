using System.Text.Json;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Benchmarks;

/// <summary>What the tool reports when it cannot measure, and how it ends.</summary>
[Category("Process")]
public sealed class CrossProcessFailureTests
{
    [TestCase("latency --mode fast", "--mode: 'fast' is not one of spin, adaptive, block")]
    [TestCase("latency --size 8", "--size: '8' is not an integer from 16 to 1100; for example: --size 64,256")]
    [TestCase("latency --rounds 0", "--rounds: '0' is not an integer from 1 to 1000; for example: --rounds 5")]
    [TestCase("latency --pin 0,100000", "--pin: '0,100000' does not name two cores available to this process")]
    [TestCase("throughput --transport quic", "--transport: 'quic' is not one of ip, socket, memory, vsock, rdma, tcp")]
    [TestCase("voice --seconds nan", "--seconds: 'nan' is not a number from 0.05 to 3600; for example: --seconds 1")]
    [TestCase("throughput --rate 5", "Unrecognized command or argument '--rate'.")]
    [TestCase(
        "latency --transport socket --implementation NetMQ",
        "--transport socket is not supported by --implementation NetMQ: NetMQ has tcp"
    )]
    [TestCase(
        "latency --json /nonexistent/rows.json",
        "--json: Could not find a part of the path '/nonexistent/rows.json'."
    )]
    [TestCase("latency --plot /proc", "--plot: ")]
    [TestCase("latencey", "Unrecognized command or argument 'latencey'.")]
    [TestCase("", "For usage, run FastForward.Benchmarks --help.")]
    public void An_invalid_command_line_is_reported_and_exits_with_2(string arguments, string message)
    {
        using RunningProgram tool = BenchmarkTool.Start(arguments);
        Assert.That(tool.WaitForExit(), Is.EqualTo(2), tool.Everything);
        Assert.That(tool.Everything, Does.Contain(message).And.Not.Contain("   at "));
        Assert.That(tool.Output, Is.Empty);
    }

    [Test]
    public void Help_names_the_commands()
    {
        using RunningProgram tool = BenchmarkTool.Start("--help");
        Assert.That(tool.WaitForExit(), Is.Zero, tool.Everything);
        foreach (string command in new[] { "latency", "throughput", "voice", "suites", "BenchmarkDotNet" })
            Assert.That(tool.Output, Does.Contain(command));
        Assert.That(tool.Output, Does.Not.Contain("<plan>"), "the hidden command");
    }

    [Test]
    public void A_missing_temporary_directory_is_reported_and_leaves_no_empty_file()
    {
        using TemporaryDirectory directory = new();
        string file = directory["rows.json"];
        using RunningProgram tool = BenchmarkTool.Start(
            $"latency --transport socket --mode block --size 64 --rounds 1 {BenchmarkTool.Short} --json {file}",
            "TMPDIR=/nonexistent"
        );
        Assert.That(tool.WaitForExit(), Is.EqualTo(1), tool.Everything);
        Assert.That(
            tool.Everything,
            Does.Contain("cannot create a temporary directory in /nonexistent/ (set TMPDIR to use another one): ")
        );
        Assert.That(File.Exists(file), Is.False);
    }

    [Test]
    public void A_missing_compiler_is_reported_and_the_floor_is_skipped()
    {
        using RunningProgram tool = BenchmarkTool.Start(
            $"latency --transport socket --mode block --size 64 --rounds 1 {BenchmarkTool.Short} --json",
            "PATH=/nonexistent"
        );
        List<JsonElement> rows = JsonRows.Of(tool);
        Assert.That(rows.Select(JsonRows.Name), Is.EqualTo(["socket FastForward block 64"]));
        Assert.That(tool.Everything, Does.Contain("socket C: not measured, gcc is not in PATH"));
    }

    [Test]
    public void An_unavailable_transport_is_reported()
    {
        using RunningProgram tool = BenchmarkTool.Start(
            "latency --transport rdma,socket --implementation FastForward --mode block --size 64 --rounds 1 "
                + $"{BenchmarkTool.Short} --json"
        );
        Assert.That(tool.WaitForExit(JsonRows.WholeRun), Is.Zero, tool.Everything);
        string[] names = [.. JsonRows.Parse(tool.Output).Select(JsonRows.Name)];
        if (!names.Contains("rdma FastForward block 64"))
            Assert.That(tool.Everything, Does.Contain("rdma FastForward: not measured, "));
        Assert.That(names, Does.Contain("socket FastForward block 64"));
    }

    [Test]
    public void A_killed_process_is_reported_and_nothing_hangs()
    {
        using RunningProgram tool = BenchmarkTool.Start(
            "latency --transport socket --implementation FastForward --mode block --size 64 --rounds 1 --seconds 60"
        );
        (int id, _) = WaitForSides(tool)[0];
        System.Diagnostics.Process.GetProcessById(id).Kill();
        Assert.That(tool.WaitForExit(), Is.EqualTo(1), tool.Everything);
        Assert.That(
            tool.Everything,
            Does.Contain("round 1 of 1 failed: ")
                .And.Contain($"({id}) ended with code 137")
                .And.Contain("nothing was measured")
        );
    }

    [Test]
    public void Ctrl_C_ends_the_tool_and_its_processes()
    {
        using TemporaryDirectory directory = new();
        string file = directory["rows.json"];
        File.WriteAllText(file, "previous results");
        using RunningProgram tool = BenchmarkTool.Start(
            "latency --transport socket --implementation FastForward --mode block --size 64 --rounds 1 --seconds 60 "
                + $"--json {file}"
        );
        IReadOnlyList<(int Id, string Command)> sides = WaitForSides(tool);
        tool.Signal(RunningProgram.SIGINT);
        Assert.That(tool.WaitForExit(), Is.EqualTo(130), tool.Everything);
        Assert.That(tool.Everything, Does.Contain("interrupted; the processes were terminated"));
        Assert.That(tool.Output, Is.Empty);
        Assert.That(File.ReadAllText(file), Is.EqualTo("previous results"));
        foreach ((int id, string command) in sides)
            Assert.That(Directory.Exists($"/proc/{id}"), Is.False, command);
    }

    [Test]
    public void The_floor_exits_when_the_tool_is_killed()
    {
        Requires.Program("gcc", "gcc");
        using TemporaryDirectory temporary = new(); // the killed tool does not delete its temporary files
        using RunningProgram tool = BenchmarkTool.Start(
            "latency --transport ip --implementation C --mode block --size 64 --rounds 1 --warmup 60",
            $"TMPDIR={temporary.Path}"
        );
        IReadOnlyList<(int Id, string Command)> sides = WaitForSides(tool, "/floor ");
        tool.Signal(RunningProgram.SIGKILL);
        foreach ((int id, string command) in sides)
            Eventually.True(() => !Directory.Exists($"/proc/{id}"), () => $"the end of {command}");
    }

    private static IReadOnlyList<(int Id, string Command)> WaitForSides(RunningProgram tool, string word = " side ")
    {
        IReadOnlyList<(int Id, string Command)> sides = [];
        Eventually.True(
            () =>
                (
                    sides = [
                        .. BenchmarkTool
                            .ChildrenOf(tool.Id)
                            .Where(child => child.Command.Contains(word, StringComparison.Ordinal)),
                    ]
                ).Count == 2,
            () => $"two processes: {tool.Everything}"
        );
        return sides;
    }
}
