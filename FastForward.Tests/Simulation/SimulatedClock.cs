namespace FastForward.Tests.Simulation;

/// <summary>The clock of a process, which begins anywhere and runs faster or slower than the world's.</summary>
/// <param name="Offset">What it shows at the beginning, in microseconds.</param>
/// <param name="Drift">Microseconds that it gains per second.</param>
internal readonly record struct SimulatedClock(long Offset, int Drift)
{
    public long Read(long now) => Offset + now + (now * Drift / 1_000_000);

    /// <summary>When it shows a time, by the world's clock.</summary>
    public long When(long time)
    {
        if (Drift == 0)
            return time - Offset;
        long now = (long)((time - Offset) / (1 + (Drift / 1e6))) - 2;
        while (Read(now) < time)
            now++;
        return now;
    }
}
