using System.Globalization;
using System.Text.Json;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Benchmarks;

/// <summary>
/// The tool measures what was requested and reports what it could not measure. Figures are not asserted.
/// </summary>
[Category("Process")]
public sealed class CrossProcessToolTests
{
    private const string Short = "--seconds 0.1 --warmup 0.1";
    private static readonly TimeSpan s_wholeRun = TimeSpan.FromMinutes(2);
    private static readonly byte[] s_pngSignature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    private static readonly string[] s_keys =
    [
        "transport",
        "implementation",
        "label",
        "mode",
        "size",
        "p50Micros",
        "p99Micros",
        "p999Micros",
        "messagesPerSecond",
        "allocatedBytesPerMessage",
        "cpuPercent",
    ];

    [Test]
    public void Latency_has_a_row_for_each_contestant_and_a_plot()
    {
        Requires.Program("gcc", "gcc");
        using TemporaryDirectory plots = new();
        using RunningProgram tool = BenchmarkTool.Start(
            $"latency --transport ip,socket,tcp --mode spin --size 64 --rounds 1 {Short} --json --plot {plots.Path}"
        );
        List<JsonElement> rows = Rows(tool);
        Assert.That(
            rows.Select(Name),
            Is.EqualTo([
                "ip FastForward spin 64",
                "ip C spin 64",
                "ip C connected spin 64",
                "ip LiteNetLib spin 64",
                "socket FastForward spin 64",
                "socket C spin 64",
                "tcp C spin 64",
                "tcp NetMQ spin 64",
            ])
        );
        foreach (JsonElement row in rows)
            AssertTimes(row);
        AssertPng(plots, "latency-spin-64.png");
    }

    [Test]
    public void Rounds_alternate_between_the_contestants_even_at_a_fixed_rate()
    {
        Requires.Program("gcc", "gcc");
        using TemporaryDirectory directory = new();
        using TemporaryDirectory plots = new();
        string file = directory["rows.json"];
        File.WriteAllText(file, new string('x', 100_000)); // the rows of a longer run
        using RunningProgram tool = BenchmarkTool.Start(
            "latency --rate 2000 --transport socket --implementation FastForward,C --mode block --size 16,1100 "
                + $"--rounds 2 {Short} --json {file} --plot {plots.Path}"
        );
        Assert.That(tool.WaitForExit(s_wholeRun), Is.Zero, tool.Everything);
        List<JsonElement> rows = Parse(File.ReadAllText(file));
        Assert.That(
            rows.Select(Name),
            Is.EqualTo([
                "socket FastForward block 16",
                "socket C block 16",
                "socket FastForward block 1100",
                "socket C block 1100",
            ])
        );
        foreach (JsonElement row in rows)
            AssertTimes(row);
        string[] rounds =
        [
            .. tool
                .Everything.Split('\n')
                .Where(static line => line.Contains(" 16 B, round ", StringComparison.Ordinal))
                .Select(static line => line[..line.IndexOf(':', StringComparison.Ordinal)]),
        ];
        Assert.That(
            rounds,
            Is.EqualTo([
                "socket FastForward block 16 B, round 1 of 2",
                "socket C block 16 B, round 1 of 2",
                "socket FastForward block 16 B, round 2 of 2",
                "socket C block 16 B, round 2 of 2",
            ])
        );
        Assert.That(tool.Output, Does.Contain("| transport").And.Contain("p50 / C"), "the table");
        AssertPng(plots, "latency-2000-per-second-block-16.png");
        AssertPng(plots, "latency-2000-per-second-block-1100.png");
        AssertMedians(tool, rows);
    }

    [Test]
    public void Throughput_loses_nothing_over_a_reliable_path()
    {
        Requires.Program("gcc", "gcc");
        using TemporaryDirectory plots = new();
        using RunningProgram tool = BenchmarkTool.Start(
            "throughput --transport ip,socket,tcp --mode adaptive --size 64 --rounds 1 "
                + $"{Short} --json --plot {plots.Path}"
        );
        List<JsonElement> rows = Rows(tool);
        Assert.That(
            rows.Select(Name),
            Is.EqualTo([
                "ip FastForward adaptive 64",
                "ip C adaptive 64",
                "ip C connected adaptive 64",
                "ip C batched adaptive 64",
                "ip C packed adaptive 64",
                "socket FastForward adaptive 64",
                "socket C adaptive 64",
                "tcp C adaptive 64",
                "tcp NetMQ adaptive 64",
            ])
        );
        foreach (JsonElement row in rows)
        {
            Assert.That(row.GetProperty("p50Micros").ValueKind, Is.EqualTo(JsonValueKind.Null), Name(row));
            AssertRate(row);
        }

        string[][] table =
        [
            .. tool
                .Everything.Split('\n')
                .Where(static line => line.StartsWith("| ", StringComparison.Ordinal))
                .Select(Cells),
        ];
        int lost = Array.IndexOf(table[0], "lost");
        Assert.That(
            table.Where(static line => line[0] is "socket" or "tcp").Select(line => line[lost]),
            Is.EqualTo(["0", "0", "0", "0"]),
            tool.Everything
        );
        AssertPng(plots, "throughput-adaptive-64.png");
    }

    [Test]
    public void LiteNetLib_carries_the_largest_size_and_a_blocking_contestant_is_labelled()
    {
        using RunningProgram tool = BenchmarkTool.Start(
            "latency --transport ip,tcp --implementation LiteNetLib,NetMQ --mode spin --size 1100 --rounds 1 "
                + $"{Short} --json"
        );
        List<JsonElement> rows = Rows(tool);
        Assert.That(rows.Select(Name), Is.EqualTo(["ip LiteNetLib spin 1100", "tcp NetMQ spin 1100"]));
        Assert.That(
            rows.Select(static row => row.GetProperty("label").GetString()),
            Is.EqualTo(["LiteNetLib", Environment.ProcessorCount >= 4 ? "NetMQ" : "NetMQ (blocks)"])
        );
    }

    [Test]
    public void Voice_measures_one_way_times_of_many_streams()
    {
        Requires.Program("gcc", "gcc");
        using RunningProgram tool = BenchmarkTool.Start(
            $"voice --transport socket --mode block --streams 200 --rounds 1 {Short} --json"
        );
        List<JsonElement> rows = Rows(tool);
        Assert.That(rows.Select(Name), Is.EqualTo(["socket FastForward block 60", "socket C block 60"]));
        foreach (JsonElement row in rows)
            AssertTimes(row);
    }

    [TestCase("latency --mode fast", "--mode: 'fast' is not one of spin, adaptive, block")]
    [TestCase("latency --size 8", "--size: '8' is not an integer from 16 to 1100; for example: --size 64,256")]
    [TestCase("latency --rounds 0", "--rounds: '0' is not an integer from 1 to 1000; for example: --rounds 5")]
    [TestCase("latency --pin 0,100000", "--pin: '0,100000' does not name two cores available to this process")]
    [TestCase("throughput --transport quic", "--transport: 'quic' is not one of ip, socket, vsock, rdma, tcp")]
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
            $"latency --transport socket --mode block --size 64 --rounds 1 {Short} --json {file}",
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
            $"latency --transport socket --mode block --size 64 --rounds 1 {Short} --json",
            "PATH=/nonexistent"
        );
        List<JsonElement> rows = Rows(tool);
        Assert.That(rows.Select(Name), Is.EqualTo(["socket FastForward block 64"]));
        Assert.That(tool.Everything, Does.Contain("socket C: not measured, gcc is not in PATH"));
    }

    [Test]
    public void An_unavailable_transport_is_reported()
    {
        using RunningProgram tool = BenchmarkTool.Start(
            "latency --transport rdma,socket --implementation FastForward --mode block --size 64 --rounds 1 "
                + $"{Short} --json"
        );
        Assert.That(tool.WaitForExit(s_wholeRun), Is.Zero, tool.Everything);
        string[] names = [.. Parse(tool.Output).Select(Name)];
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

    /// <summary>The report of two rounds contains their median and the median of their ratios.</summary>
    private static void AssertMedians(RunningProgram tool, List<JsonElement> rows)
    {
        string[] lines = tool.Everything.Split('\n');
        double[] own = Rounds("socket FastForward block 1100 B"),
            floor = Rounds("socket C block 1100 B");
        double p50 = rows[2].GetProperty("p50Micros").GetDouble();
        Assert.That(p50, Is.EqualTo((own[0] + own[1]) / 2).Within(0.06), tool.Everything);
        string[] heading = Cells(lines.First(static line => line.StartsWith("| transport", StringComparison.Ordinal)));
        string[] line = lines
            .Where(static line => line.StartsWith("| socket ", StringComparison.Ordinal))
            .Select(Cells)
            .Single(static cells => cells[1] == "FastForward" && cells[3] == "1100");
        double ratio = double.Parse(line[Array.IndexOf(heading, "p50 / C")], CultureInfo.InvariantCulture);
        double expected = ((own[0] / floor[0]) + (own[1] / floor[1])) / 2;
        // Both values are rounded.
        Assert.That(ratio, Is.EqualTo(expected).Within(0.01 + (0.05 * expected)), tool.Everything);

        double[] Rounds(string contest) =>
            [
                .. lines
                    .Where(line => line.StartsWith($"{contest}, round ", StringComparison.Ordinal))
                    .Select(static line =>
                        double.Parse(line.Split("p50 ")[1].Split(' ')[0], CultureInfo.InvariantCulture)
                    ),
            ];
    }

    private static string[] Cells(string line) => line.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries);

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

    private static List<JsonElement> Rows(RunningProgram tool)
    {
        Assert.That(tool.WaitForExit(s_wholeRun), Is.Zero, tool.Everything);
        return Parse(tool.Output);
    }

    private static List<JsonElement> Parse(string json)
    {
        List<JsonElement> rows = [.. JsonDocument.Parse(json).RootElement.EnumerateArray()];
        foreach (JsonElement row in rows)
            Assert.That(row.EnumerateObject().Select(static property => property.Name), Is.EqualTo(s_keys));
        return rows;
    }

    private static string Name(JsonElement row) =>
        $"{row.GetProperty("transport").GetString()} {row.GetProperty("implementation").GetString()} "
        + $"{row.GetProperty("mode").GetString()} {row.GetProperty("size").GetInt32()}";

    private static void AssertTimes(JsonElement row)
    {
        double p50 = row.GetProperty("p50Micros").GetDouble(),
            p99 = row.GetProperty("p99Micros").GetDouble(),
            p999 = row.GetProperty("p999Micros").GetDouble();
        Assert.That(p50, Is.GreaterThan(0), Name(row));
        Assert.That(p99, Is.GreaterThanOrEqualTo(p50), Name(row));
        Assert.That(p999, Is.GreaterThanOrEqualTo(p99), Name(row));
        AssertRate(row);
    }

    private static void AssertRate(JsonElement row)
    {
        Assert.That(row.GetProperty("messagesPerSecond").GetDouble(), Is.GreaterThan(0), Name(row));
        Assert.That(row.GetProperty("cpuPercent").GetDouble(), Is.GreaterThan(0), Name(row));
        bool isFloor = row.GetProperty("implementation").GetString() is { } name && name.StartsWith('C');
        Assert.That(
            row.GetProperty("allocatedBytesPerMessage").ValueKind,
            Is.EqualTo(isFloor ? JsonValueKind.Null : JsonValueKind.Number),
            Name(row)
        );
    }

    private static void AssertPng(TemporaryDirectory directory, string name)
    {
        byte[] file = File.ReadAllBytes(directory[name]);
        Assert.That(file.AsSpan(0, s_pngSignature.Length).ToArray(), Is.EqualTo(s_pngSignature));
        Assert.That(file, Has.Length.GreaterThan(1000));
    }
}
