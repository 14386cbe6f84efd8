namespace FastForward.Host.Demo.Chaos;

/// <summary>How long the delivery of real-time messages paused at faults of one kind.</summary>
/// <param name="Kind">The fault.</param>
/// <param name="Times">How often it happened.</param>
/// <param name="PauseP50Micros">Half of the pauses were at most this long, in microseconds.</param>
/// <param name="PauseP99Micros">99 of 100 were at most this long.</param>
/// <param name="PauseMaxMicros">The longest one.</param>
/// <param name="Skipped">Real-time messages that did not come at all meanwhile.</param>
/// <param name="Late">Real-time messages that came too late meanwhile.</param>
internal sealed record ChaosPauses(
    string Kind,
    int Times,
    double PauseP50Micros,
    double PauseP99Micros,
    double PauseMaxMicros,
    long Skipped,
    long Late
)
{
    /// <summary>Of what both nodes saw; the longer pause of the two counts.</summary>
    public static ChaosPauses Of(string kind, IReadOnlyList<DeliveryWindow[]> windows)
    {
        double[] pauses = [.. windows.Select(static both => both.Max(static one => one.PauseMicros)).Order()];
        return new ChaosPauses(
            kind,
            windows.Count,
            At(0.5),
            At(0.99),
            pauses[^1],
            windows.Sum(static both => both.Sum(static one => one.Skipped)),
            windows.Sum(static both => both.Sum(static one => one.Late))
        );

        double At(double share) => Math.Round(pauses[(int)Math.Ceiling(share * pauses.Length) - 1], 1);
    }
}
