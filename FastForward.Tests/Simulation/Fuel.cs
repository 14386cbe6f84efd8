namespace FastForward.Tests.Simulation;

/// <summary>Bounds the work of a world whose session may loop for ever: variants burn some in every loop.</summary>
internal static class Fuel
{
    private const long Tank = 50_000_000;

    // A thread begins with a full tank.
    [ThreadStatic]
    private static long s_burned;

    public static void Fill() => s_burned = 0;

    public static void Burn()
    {
        if (++s_burned > Tank)
            throw new SimulationException("a loop of the session does not end");
    }
}
