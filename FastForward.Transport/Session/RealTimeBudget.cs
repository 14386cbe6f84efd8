namespace FastForward.Transport.Session;

/// <summary>The budgets of real-time messages, in microseconds.</summary>
internal static class RealTimeBudget
{
    /// <summary>For a message that never expires: how long others wait for it, and it is sent again.</summary>
    public const long WithoutBudget = 250_000;

    /// <summary>The budget, or what counts where there is none (0).</summary>
    public static long OrDefault(long budget) => budget > 0 ? budget : WithoutBudget;
}
