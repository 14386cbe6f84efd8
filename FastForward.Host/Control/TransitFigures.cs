namespace FastForward.Host.Control;

/// <summary>How much longer than the fastest frames of the last seconds others travel, in microseconds.</summary>
internal sealed record TransitFigures(long MedianMicros, long Q95Micros, long Q99Micros);
