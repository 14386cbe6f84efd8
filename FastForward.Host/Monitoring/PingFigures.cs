namespace FastForward.Host.Monitoring;

/// <summary>The figures of a series of probes; times in microseconds, null without an answer.</summary>
internal sealed record PingFigures(
    uint Node,
    long Sent,
    long Received,
    double LossPercent,
    long? MinMicros,
    double? MeanMicros,
    long? P50Micros,
    long? P90Micros,
    long? P99Micros,
    long? MaxMicros
);
