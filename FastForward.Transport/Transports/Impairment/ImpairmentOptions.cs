using System.Diagnostics.CodeAnalysis;

namespace FastForward.Transport.Transports.Impairment;

/// <summary>
/// What a node does on purpose to the datagrams that it sends, as a bad network would: for demonstrations and tests.
/// Only the direction out of the node is affected; set both nodes for both directions.
/// </summary>
/// <remarks>
/// The text form is a profile (<c>typical</c>, <c>busy</c>, <c>bad-wan</c>), parts such as
/// <c>loss=2%, burst=2, delay=30ms</c>, or a profile and parts that replace its own. <see cref="ToString"/> gives a
/// text that <see cref="TryParse"/> reads.
/// </remarks>
public sealed record ImpairmentOptions
{
    /// <summary><c>typical</c>: 10 ms and up to 5 ms more, 0.1 % lost in bursts of two on average.</summary>
    public static ImpairmentOptions Typical { get; } =
        new()
        {
            LossPercent = 0.1,
            MeanBurst = 2,
            Delay = TimeSpan.FromMilliseconds(10),
            Jitter = TimeSpan.FromMilliseconds(5),
        };

    /// <summary>
    /// <c>busy</c>: 20 ms and up to 20 ms more, 0.5 % lost in bursts of two on average, 0.5 % reordered.
    /// </summary>
    public static ImpairmentOptions Busy { get; } =
        new()
        {
            LossPercent = 0.5,
            MeanBurst = 2,
            Delay = TimeSpan.FromMilliseconds(20),
            Jitter = TimeSpan.FromMilliseconds(20),
            ReorderPercent = 0.5,
        };

    /// <summary>
    /// <c>bad-wan</c>: 30 ms and up to 75 ms more, 2 % lost in bursts of two on average, 0.5 % twice.
    /// </summary>
    public static ImpairmentOptions BadWan { get; } =
        new()
        {
            LossPercent = 2,
            MeanBurst = 2,
            Delay = TimeSpan.FromMilliseconds(30),
            Jitter = TimeSpan.FromMilliseconds(75),
            DuplicatePercent = 0.5,
        };

    /// <summary><c>loss</c>: how many of the frames are lost, in percent, 0..90.</summary>
    public double LossPercent { get; init; }

    /// <summary>
    /// <c>burst</c>: how many frames are lost one after the other, on average (Gilbert-Elliott model, in which all
    /// frames of the bad state and none of the good state are lost); 1..1000. 0, the default, loses each frame
    /// independently of the others.
    /// </summary>
    public double MeanBurst { get; init; }

    /// <summary><c>delay</c>: how long every frame is delayed, up to 10 s.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>
    /// <c>jitter</c>: the most that a frame is delayed beyond <see cref="Delay"/>, up to 10 s; equally distributed and
    /// drawn for each frame, so that frames overtake each other.
    /// </summary>
    public TimeSpan Jitter { get; init; }

    /// <summary><c>duplicate</c>: how many frames are sent twice, in percent, 0..100.</summary>
    public double DuplicatePercent { get; init; }

    /// <summary>
    /// <c>reorder</c>: how many frames are sent without the delay, and so overtake others, in percent, 0..100.
    /// </summary>
    public double ReorderPercent { get; init; }

    /// <summary><c>outage</c>, first value: how long all frames are lost at the end of each interval.</summary>
    public TimeSpan OutageLength { get; init; }

    /// <summary><c>outage</c>, second value: the interval, up to an hour.</summary>
    public TimeSpan OutageInterval { get; init; }

    /// <summary>
    /// <c>queue</c>: how many frames of a transport can be delayed at once, 1..65536, 4096 by default; a frame beyond
    /// that is dropped.
    /// </summary>
    public int QueueFrames { get; init; } = 4096;

    /// <summary>
    /// <c>seed</c>: with the same seed, node id and sequence of links, frames have the same fates. Null, the default:
    /// a random one, which the log names.
    /// </summary>
    public ulong? Seed { get; init; }

    /// <summary>Reads the text form.</summary>
    /// <param name="text">The text.</param>
    /// <param name="options">The options, if it is valid.</param>
    /// <param name="problem">Otherwise the first problem, as a clause.</param>
    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out ImpairmentOptions? options,
        [NotNullWhen(false)] out string? problem
    ) => ImpairmentText.TryParse(text, out options, out problem);

    /// <summary>The text form.</summary>
    public override string ToString() => ImpairmentText.Of(this);

    /// <summary>Every problem, as a clause that names the part of the text form, and what is allowed.</summary>
    internal IEnumerable<string> FindProblems()
    {
        if (LossPercent is not (>= 0 and <= 90))
            yield return $"loss={ImpairmentText.Percent(LossPercent)} is outside 0%..90%";
        else if (MeanBurst != 0 && MeanBurst is not (>= 1 and <= 1000))
            yield return $"burst={ImpairmentText.Number(MeanBurst)} is outside 1..1000";
        else if (MeanBurst != 0 && MeanBurst < LossPercent / (100 - LossPercent))
            yield return $"burst={ImpairmentText.Number(MeanBurst)} is too short for "
                + $"loss={ImpairmentText.Percent(LossPercent)}: at least one frame between two bursts is not lost";
        if (!IsDelay(Delay))
            yield return $"delay={ImpairmentText.Time(Delay)} is outside 0ms..10s";
        if (!IsDelay(Jitter))
            yield return $"jitter={ImpairmentText.Time(Jitter)} is outside 0ms..10s";
        if (DuplicatePercent is not (>= 0 and <= 100))
            yield return $"duplicate={ImpairmentText.Percent(DuplicatePercent)} is outside 0%..100%";
        if (ReorderPercent is not (>= 0 and <= 100))
            yield return $"reorder={ImpairmentText.Percent(ReorderPercent)} is outside 0%..100%";
        else if (ReorderPercent > 0 && Delay + Jitter <= TimeSpan.Zero)
            yield return "reorder needs a delay or jitter, which the reordered frames do not have";
        if (
            (OutageLength != TimeSpan.Zero || OutageInterval != TimeSpan.Zero)
            && (OutageLength <= TimeSpan.Zero || OutageInterval <= OutageLength || OutageInterval > s_hour)
        )
            yield return $"outage={ImpairmentText.Time(OutageLength)}/{ImpairmentText.Time(OutageInterval)} is not a "
                + "length and a longer interval of at most an hour";
        if (QueueFrames is < 1 or > 65_536)
            yield return $"queue={QueueFrames} is outside 1..65536";
    }

    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    private static bool IsDelay(TimeSpan time) => time >= TimeSpan.Zero && time <= TimeSpan.FromSeconds(10L);
}
