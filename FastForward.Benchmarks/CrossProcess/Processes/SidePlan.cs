using System.Text.Json;
using System.Text.Json.Serialization;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>The parameters of one process of a round, passed as JSON on its command line.</summary>
internal sealed record SidePlan
{
    public Role Role { get; init; }

    public string Transport { get; init; } = "";

    public string Implementation { get; init; } = "";

    public Mode Mode { get; init; }

    public WorkloadKind Workload { get; init; }

    /// <summary>Bytes per message.</summary>
    public int Size { get; init; }

    public long WarmUpMicros { get; init; }

    public long MeasureMicros { get; init; }

    /// <summary>Nanoseconds between two messages at a fixed rate.</summary>
    public long IntervalNanos { get; init; } = 1;

    /// <summary>At a fixed rate, due times are rounded down to a multiple of this many nanoseconds.</summary>
    public long TickNanos { get; init; } = 1;

    public int Streams { get; init; } = 1;

    public VSocketType VSocketType { get; init; }

    /// <summary>The core to pin to; -1 for any.</summary>
    public int Cpu { get; init; } = -1;

    /// <summary>A temporary directory for this round.</summary>
    public string Directory { get; init; } = "/tmp";

    public int ClientPort { get; init; }

    public int ServerPort { get; init; }

    /// <summary>The address printed by the server; empty for the server itself.</summary>
    public string ServerAddress { get; init; } = "";

    public string ToJson() => JsonSerializer.Serialize(this, SidePlanJson.Default.SidePlan);

    public static SidePlan FromJson(string json) =>
        JsonSerializer.Deserialize(json, SidePlanJson.Default.SidePlan)
        ?? throw new JsonException("The plan is empty.");
}

[JsonSerializable(typeof(SidePlan))]
internal sealed partial class SidePlanJson : JsonSerializerContext;
