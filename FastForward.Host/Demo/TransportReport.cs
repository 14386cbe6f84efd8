using System.Text.Json.Serialization;

namespace FastForward.Host.Demo;

/// <summary>The result of the demo for one transport, as in the JSON document.</summary>
internal sealed record TransportReport
{
    /// <summary>The type by its registry name, such as FORWARD_TRANSPORT_IP.</summary>
    public required string Type { get; init; }

    /// <summary>This machine can do it and it was asked for.</summary>
    public required bool Available { get; init; }

    /// <summary>Why it is not available, or what went wrong; null when nothing did.</summary>
    public string? Reason { get; init; }

    /// <summary>Messages sent, by both nodes.</summary>
    public long Sent { get; init; }

    /// <summary>Of them, those whose echo came back sound.</summary>
    public long Delivered { get; init; }

    /// <summary>The others.</summary>
    public long Lost { get; init; }

    /// <summary>Messages and echoes that came again.</summary>
    public long Duplicated { get; init; }

    /// <summary>Messages and echoes that came after a later one of their call.</summary>
    public long Reordered { get; init; }

    /// <summary>Half of the round trips took at most this long, in microseconds; 0 when none was measured.</summary>
    public double RttP50Micros { get; init; }

    /// <summary>99 of 100 round trips took at most this long, in microseconds; 0 when none was measured.</summary>
    public double RttP99Micros { get; init; }

    /// <summary>What the impairment did, and what became of the messages; null without one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImpairedTraffic? Impairment { get; init; }

    /// <summary>
    /// Everything was delivered, in order, once. On an impaired transport real-time messages may be lost.
    /// </summary>
    [JsonIgnore]
    public bool IsPerfect =>
        Available
        && Reason is null
        && Sent > 0
        && Duplicated == 0
        && Reordered == 0
        && (
            Impairment is { } impaired
                ? impaired.Reliable is { Accepted: > 0, Lost: 0 }
                : Delivered == Sent && Lost == 0
        );
}
