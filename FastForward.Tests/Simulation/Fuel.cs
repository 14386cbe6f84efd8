namespace FastForward.Tests.Simulation;

/// <summary>
/// Bounds the work of a world whose session may loop for ever: variants burn some in every loop
///.
/// </summary>
internal static class Fuel
{
    private const long Tank = 50_000_000;

    [ThreadStatic]
    private static long s_left;

    public static void Fill() => s_left = Tank;

    public static void Burn()
    {
        if (--s_left < 0)
            throw new SimulationException("a loop of the session does not end");
    }
}
