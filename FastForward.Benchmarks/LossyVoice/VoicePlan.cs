using System.Text.Json;
using System.Text.Json.Serialization;

namespace FastForward.Benchmarks.LossyVoice;

/// <summary>The parameters of one process, passed as JSON on the command line of a node's.</summary>
internal sealed record VoicePlan
{
    /// <summary>A DMR burst in a datagram of its own takes this long.</summary>
    public const long PeriodMicros = 60_000;

    /// <summary>Due time (8 bytes), stream and number (4 bytes each).</summary>
    public const int HeaderSize = 16;

    public bool IsClient { get; init; }

    public int OwnPort { get; init; }

    /// <summary>The relay's port.</summary>
    public int PeerPort { get; init; }

    /// <summary>The real-time budget of a node, or the latency of SRT.</summary>
    public int BudgetMillis { get; init; }

    /// <summary>Bytes per message.</summary>
    public int Size { get; init; }

    /// <summary>How long the client sends.</summary>
    public long DurationMicros { get; init; }

    /// <summary>When the first message of each stream is due, from the beginning.</summary>
    public IReadOnlyList<long> PhaseMicros { get; init; } = [];

    public string ToJson() => JsonSerializer.Serialize(this, VoicePlanJson.Default.VoicePlan);

    public static VoicePlan FromJson(string json) =>
        JsonSerializer.Deserialize(json, VoicePlanJson.Default.VoicePlan)
        ?? throw new JsonException("The plan is empty.");
}

[JsonSerializable(typeof(VoicePlan))]
internal sealed partial class VoicePlanJson : JsonSerializerContext;
