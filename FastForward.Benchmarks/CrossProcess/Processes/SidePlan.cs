using System.Text.Json;
using System.Text.Json.Serialization;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>Everything one process of a round has to know.</summary>
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

    /// <summary>Nanoseconds between two messages of a fixed rate.</summary>
    public long IntervalNanos { get; init; } = 1;

    /// <summary>Messages of a fixed rate that fall into one tick of this many nanoseconds are due together.</summary>
    public long TickNanos { get; init; } = 1;

    public int Streams { get; init; } = 1;

    public VSocketType VSocketType { get; init; }

    /// <summary>The core to stay on, -1 for any.</summary>
    public int Cpu { get; init; } = -1;

    /// <summary>A directory of this round alone.</summary>
    public string Directory { get; init; } = "/tmp";

    public int NearPort { get; init; }

    public int FarPort { get; init; }

    /// <summary>What the far side has told; empty there.</summary>
    public string FarAddress { get; init; } = "";

    public string ToJson() => JsonSerializer.Serialize(this, SidePlanJson.Default.SidePlan);

    public static SidePlan FromJson(string json) =>
        JsonSerializer.Deserialize(json, SidePlanJson.Default.SidePlan)
        ?? throw new JsonException("The plan is empty.");
}

[JsonSerializable(typeof(SidePlan))]
internal sealed partial class SidePlanJson : JsonSerializerContext;
