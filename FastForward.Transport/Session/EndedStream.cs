namespace FastForward.Transport.Session;

/// <summary>The final state of an ended incoming stream.</summary>
/// <param name="End">The first sequence that was not processed.</param>
/// <param name="Acknowledged">The first sequence that is not acknowledged.</param>
/// <param name="CreditUsed">Credit used by its delivered messages.</param>
internal readonly record struct EndedStream(ulong End, ulong Acknowledged, ulong CreditUsed);
