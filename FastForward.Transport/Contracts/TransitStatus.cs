namespace FastForward.Transport;

/// <summary>
/// How much longer than the fastest frames of the last seconds others travel. The propagation itself is not part of it.
/// </summary>
/// <param name="Median">Half of the frames travel no longer than that.</param>
/// <param name="Q95">95 % of the frames travel no longer than that.</param>
/// <param name="Q99">99 % of the frames travel no longer than that.</param>
public readonly record struct TransitStatus(TimeSpan Median, TimeSpan Q95, TimeSpan Q99);
