namespace FastForward.Transport.Session;

/// <summary>How long frames travel, as their receiver reports it. Times are in microseconds.</summary>
/// <param name="Base">The least transit of the last seconds, modulo 2^32: only its changes mean something.</param>
/// <param name="Median">What half of the frames travel longer than that.</param>
/// <param name="Q95">What 5 % of them exceed.</param>
/// <param name="Q99">What 1 % of them exceed.</param>
internal readonly record struct TransitReport(uint Base, long Median, long Q95, long Q99);
