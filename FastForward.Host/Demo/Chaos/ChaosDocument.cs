using System.Text.Json.Serialization;

namespace FastForward.Host.Demo.Chaos;

/// <summary>The JSON document of the demo with faults.</summary>
internal sealed record ChaosDocument
{
    /// <summary>A row for each kind of fault, and one for the time before them.</summary>
    public required IReadOnlyList<ChaosPauses> Faults { get; init; }

    /// <summary>Real-time messages and echoes.</summary>
    public required ImpairedClass RealTime { get; init; }

    /// <summary>Real-time messages that came after their budget, or after a later one, and were dropped.</summary>
    public required long RealTimeLate { get; init; }

    /// <summary>Reliable messages and echoes.</summary>
    public required ImpairedClass Reliable { get; init; }

    /// <summary>Messages and echoes that the sending node refused.</summary>
    public required long Refused { get; init; }

    /// <summary>Messages and echoes that came again.</summary>
    public required long Duplicated { get; init; }

    /// <summary>Messages and echoes that came after a later one of their call.</summary>
    public required long Reordered { get; init; }

    /// <summary>Messages and echoes that are not what was sent.</summary>
    public required long Damaged { get; init; }

    /// <summary>Real-time messages that were sent over two paths.</summary>
    public required long SentTwice { get; init; }

    /// <summary>The payload of the second ones, in bytes.</summary>
    public required long SentTwiceBytes { get; init; }

    /// <summary>Real-time messages that came over the second path alone.</summary>
    public required long Rescued { get; init; }

    /// <summary>There were faults; no reliable message was lost, and none was repeated, reordered or damaged.</summary>
    [JsonIgnore]
    public bool IsSuccess =>
        Faults.Any(static fault => fault.Kind != ChaosScript.Nothing)
        && Reliable is { Accepted: > 0, Lost: 0 }
        && RealTime.Delivered > 0
        && Duplicated == 0
        && Reordered == 0
        && Damaged == 0;
}
