namespace FastForward.Transport.Session;

/// <summary>How an INIT came.</summary>
/// <param name="Kind">The medium.</param>
/// <param name="IsHostLocal">It cannot come from another machine.</param>
/// <param name="Source">Where it comes from.</param>
internal readonly record struct InitArrival(TransportKind Kind, bool IsHostLocal, LinkSource Source);
