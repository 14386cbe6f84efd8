using System.Text.Json;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Benchmarks;

/// <summary>The JSON rows of a run of the tool.</summary>
internal static class JsonRows
{
    /// <summary>The most that a run of a test may take.</summary>
    public static readonly TimeSpan WholeRun = TimeSpan.FromMinutes(2);

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

    /// <summary>The rows on the standard output of a run, after its success.</summary>
    public static List<JsonElement> Of(RunningProgram tool)
    {
        Assert.That(tool.WaitForExit(WholeRun), Is.Zero, tool.Everything);
        return Parse(tool.Output);
    }

    /// <summary>The rows of a JSON text, each with all of the members.</summary>
    public static List<JsonElement> Parse(string json)
    {
        List<JsonElement> rows = [.. JsonDocument.Parse(json).RootElement.EnumerateArray()];
        foreach (JsonElement row in rows)
            Assert.That(row.EnumerateObject().Select(static property => property.Name), Is.EqualTo(s_keys));
        return rows;
    }

    /// <summary>Transport, implementation, mode and size of a row.</summary>
    public static string Name(JsonElement row) =>
        $"{row.GetProperty("transport").GetString()} {row.GetProperty("implementation").GetString()} "
        + $"{row.GetProperty("mode").GetString()} {row.GetProperty("size").GetInt32()}";
}
