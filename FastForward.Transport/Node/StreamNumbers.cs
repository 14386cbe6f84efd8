namespace FastForward.Transport.Node;

/// <summary>
/// Numbers the streams that a node opens. Thread-safe. The 48-bit numbers start at the wall clock, in units of 1/64 ms,
/// so that a restarted process does not reuse a number: a late reply to the previous process must not match a request
/// of the new one.
/// </summary>
internal sealed class StreamNumbers
{
    private long _last;

    /// <param name="start">The time at which the node is created.</param>
    public StreamNumbers(DateTimeOffset start) => _last = start.ToUnixTimeMilliseconds() << 6;

    /// <summary>An id that no stream of the node had before.</summary>
    public ulong Next(ServiceId service) => service.StreamWith((ulong)Interlocked.Increment(ref _last));
}
