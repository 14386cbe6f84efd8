namespace FastForward.Transport.Session;

/// <summary>The final state of an ended incoming stream.</summary>
/// <param name="End">The first sequence that was not processed.</param>
/// <param name="CreditUsed">Credit used by its delivered messages.</param>
internal readonly record struct EndedStream(ulong End, ulong CreditUsed);
