using FastForward.Benchmarks.CrossProcess;

namespace FastForward.Benchmarks.LossyVoice;

/// <summary>An implementation with a budget, and its figures for each seed.</summary>
internal sealed record VoiceContest(string Implementation, int BudgetMillis)
{
    public const string Srt = "SRT";

    public bool IsSrt => Implementation == Srt;

    public List<VoiceFigures> Rounds { get; } = [];

    public override string ToString() => $"{Implementation}, {(IsSrt ? "latency" : "budget")} {BudgetMillis} ms";

    /// <summary>
    /// The real-time budget that is added to the least transit, and the same number as the latency of SRT.
    /// </summary>
    public static IEnumerable<VoiceContest> Of(IEnumerable<int> budgets, int adviceMillis, bool hasSrt)
    {
        foreach (int budget in budgets)
        {
            yield return new VoiceContest(ImplementationName.FastForward, budget);
            if (hasSrt)
                yield return new VoiceContest(Srt, budget);
        }

        if (hasSrt && !budgets.Contains(adviceMillis))
            yield return new VoiceContest(Srt, adviceMillis);
    }
}
