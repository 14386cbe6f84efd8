namespace FastForward.Transport.Session;

/// <summary>What is remembered of an incoming stream that ended.</summary>
/// <param name="End">The first sequence after those it was done with.</param>
/// <param name="CreditUsed">Credit that its delivered messages used.</param>
internal readonly record struct EndedStream(ulong End, ulong CreditUsed);
