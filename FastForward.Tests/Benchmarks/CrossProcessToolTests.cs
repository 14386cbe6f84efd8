using System.Globalization;
using System.Text.Json;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Benchmarks;

/// <summary>The tool measures what was requested. Figures are not asserted.</summary>
[Category("Process")]
public sealed class CrossProcessToolTests
{
    private static readonly byte[] s_pngSignature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    [Test]
    public void Latency_has_a_row_for_each_contestant_and_a_plot()
    {
        Requires.Program("gcc", "gcc");
        using TemporaryDirectory plots = new();
        using RunningProgram tool = BenchmarkTool.Start(
            "latency --transport ip,socket,memory,tcp --mode spin --size 64 --rounds 1 "
                + $"{BenchmarkTool.Short} --json --plot {plots.Path}"
        );
        List<JsonElement> rows = JsonRows.Of(tool);
        Assert.That(
            rows.Select(JsonRows.Name),
            Is.EqualTo([
                "ip FastForward spin 64",
                "ip FastForward reliable spin 64",
                "ip FastForward sealed spin 64",
                "ip C spin 64",
                "ip C connected spin 64",
                "ip LiteNetLib spin 64",
                "socket FastForward spin 64",
                "socket C spin 64",
                "memory FastForward spin 64",
                "memory C spin 64",
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
                + $"--rounds 2 {BenchmarkTool.Short} --json {file} --plot {plots.Path}"
        );
        Assert.That(tool.WaitForExit(JsonRows.WholeRun), Is.Zero, tool.Everything);
        List<JsonElement> rows = JsonRows.Parse(File.ReadAllText(file));
        Assert.That(
            rows.Select(JsonRows.Name),
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
        Assert.That(
            tool.Output.Split('\n'),
            Has.All.Length.LessThanOrEqualTo(80).And.Some.EqualTo("block, 16 B").And.Some.EqualTo("block, 1100 B")
        );
        Assert.That(tool.Output, Does.Contain(", .NET ").And.Contain("; 2 rounds of 0.1 s, medians"), "the conditions");
        Assert.That(tool.Output, Does.Not.Contain('\u001B'), "escape sequences in a pipe");
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
                + $"{BenchmarkTool.Short} --json --plot {plots.Path}"
        );
        List<JsonElement> rows = JsonRows.Of(tool);
        Assert.That(
            rows.Select(JsonRows.Name),
            Is.EqualTo([
                "ip FastForward adaptive 64",
                "ip FastForward reliable adaptive 64",
                "ip FastForward sealed adaptive 64",
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
            Assert.That(row.GetProperty("p50Micros").ValueKind, Is.EqualTo(JsonValueKind.Null), JsonRows.Name(row));
            AssertRate(row);
        }

        ReportTable table = new(tool.Everything, "adaptive, 64 B", "messages/s");
        Assert.That(table.Cell("socket", "FastForward", "lost %"), Is.EqualTo("0"), tool.Everything);
        foreach (string transport in new[] { "socket", "tcp" })
            Assert.That(table.Cell(transport, "C", "lost %"), Is.EqualTo("0"), tool.Everything);
        ReportTable ratios = new(tool.Everything, "adaptive, 64 B", "rate / C packed");
        Assert.That(ratios.Cell("ip", "FastForward", "rate / C packed"), Does.Match(@"^\d+\.\d\d$"), tool.Everything);
        Assert.That(ratios.Cell("ip", "C packed", "rate / C packed"), Is.EqualTo("-"), tool.Everything);
        AssertPng(plots, "throughput-adaptive-64.png");
    }

    [Test]
    public void LiteNetLib_carries_the_largest_size_and_a_blocking_contestant_is_labelled()
    {
        using RunningProgram tool = BenchmarkTool.Start(
            "latency --transport ip,tcp --implementation LiteNetLib,NetMQ --mode spin --size 1100 --rounds 1 "
                + $"{BenchmarkTool.Short} --json"
        );
        List<JsonElement> rows = JsonRows.Of(tool);
        Assert.That(rows.Select(JsonRows.Name), Is.EqualTo(["ip LiteNetLib spin 1100", "tcp NetMQ spin 1100"]));
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
            $"voice --transport socket --mode block --streams 200 --rounds 1 {BenchmarkTool.Short} --json"
        );
        List<JsonElement> rows = JsonRows.Of(tool);
        Assert.That(rows.Select(JsonRows.Name), Is.EqualTo(["socket FastForward block 60", "socket C block 60"]));
        foreach (JsonElement row in rows)
            AssertTimes(row);
    }

    /// <summary>The report of two rounds contains their median and the median of their ratios.</summary>
    private static void AssertMedians(RunningProgram tool, List<JsonElement> rows)
    {
        string[] lines = tool.Everything.Split('\n');
        double[] own = Rounds("socket FastForward block 1100 B"),
            floor = Rounds("socket C block 1100 B");
        double p50 = rows[2].GetProperty("p50Micros").GetDouble();
        Assert.That(p50, Is.EqualTo((own[0] + own[1]) / 2).Within(0.06), tool.Everything);
        double ratio = double.Parse(
            new ReportTable(tool.Output, "block, 1100 B", "p50 / C").Cell("socket", "FastForward", "p50 / C"),
            CultureInfo.InvariantCulture
        );
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

    private static void AssertTimes(JsonElement row)
    {
        double p50 = row.GetProperty("p50Micros").GetDouble(),
            p99 = row.GetProperty("p99Micros").GetDouble(),
            p999 = row.GetProperty("p999Micros").GetDouble();
        Assert.That(p50, Is.GreaterThan(0), JsonRows.Name(row));
        Assert.That(p99, Is.GreaterThanOrEqualTo(p50), JsonRows.Name(row));
        Assert.That(p999, Is.GreaterThanOrEqualTo(p99), JsonRows.Name(row));
        AssertRate(row);
    }

    private static void AssertRate(JsonElement row)
    {
        Assert.That(row.GetProperty("messagesPerSecond").GetDouble(), Is.GreaterThan(0), JsonRows.Name(row));
        Assert.That(row.GetProperty("cpuPercent").GetDouble(), Is.GreaterThan(0), JsonRows.Name(row));
        bool isFloor = row.GetProperty("implementation").GetString() is { } name && name.StartsWith('C');
        Assert.That(
            row.GetProperty("allocatedBytesPerMessage").ValueKind,
            Is.EqualTo(isFloor ? JsonValueKind.Null : JsonValueKind.Number),
            JsonRows.Name(row)
        );
    }

    private static void AssertPng(TemporaryDirectory directory, string name)
    {
        byte[] file = File.ReadAllBytes(directory[name]);
        Assert.That(file.AsSpan(0, s_pngSignature.Length).ToArray(), Is.EqualTo(s_pngSignature));
        Assert.That(file, Has.Length.GreaterThan(1000));
    }
}
