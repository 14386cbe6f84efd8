using System.Text.Json;
using FastForward.Benchmarks.CrossProcess.Statistics;

namespace FastForward.Benchmarks.CrossProcess.Reports;

/// <summary>The rows as one JSON array: medians over the rounds, null for values that were not measured.</summary>
internal static class JsonReport
{
    private static readonly JsonWriterOptions s_options = new() { Indented = true };

    public static void Write(Stream output, IEnumerable<Row> rows)
    {
        using Utf8JsonWriter json = new(output, s_options);
        json.WriteStartArray();
        foreach (Row row in rows)
        {
            json.WriteStartObject();
            json.WriteString("transport", row.Contest.Transport);
            json.WriteString("implementation", row.Contest.Implementation);
            json.WriteString("label", row.Label);
            json.WriteString("mode", row.Contest.Mode.ToString().ToLowerInvariant());
            json.WriteNumber("size", row.Contest.Size);
            Write(json, "p50Micros", row.P50, 3);
            Write(json, "p99Micros", row.P99, 3);
            Write(json, "p999Micros", row.P999, 3);
            Write(json, "messagesPerSecond", row.MessagesPerSecond, 1);
            Write(json, "allocatedBytesPerMessage", row.AllocatedBytesPerMessage, 2);
            Write(json, "cpuPercent", row.CpuPercent, 1);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.Flush();
        output.WriteByte((byte)'\n');
        output.Flush();
    }

    private static void Write(Utf8JsonWriter json, string name, Spread? value, int digits)
    {
        if (value is { } spread)
            json.WriteNumber(name, Math.Round(spread.Median, digits));
        else
            json.WriteNull(name);
    }
}
