namespace FastForward.Host.Actors;

/// <summary>
/// The numbers of a service's streams, 48 bits each. They begin with the time of the start, in 64ths of a millisecond,
/// so that a bridge that is started again never meets a number that its forerunner used.
/// </summary>
internal sealed class StreamNumbers(TimeProvider time)
{
    private const ulong Mask = (1UL << 48) - 1;

    private ulong _next = (ulong)time.GetUtcNow().ToUnixTimeMilliseconds() << 6;

    /// <summary>A number that was not used before.</summary>
    public ulong Next() => _next++ & Mask;
}
