using System.Globalization;

namespace FastForward.Tests.Lab;

/// <summary>
/// The impairments that the kernel applies to each packet of a <see cref="LossyPath"/>, in both directions.
/// </summary>
internal sealed record Netem
{
    /// <summary>Independent packet loss in percent.</summary>
    public double LossPercent { get; init; }

    /// <summary>Duplicated packets in percent.</summary>
    public double DuplicatePercent { get; init; }

    /// <summary>Delay in milliseconds.</summary>
    public int DelayMillis { get; init; }

    /// <summary>Maximum deviation from the delay in milliseconds; it reorders packets.</summary>
    public int JitterMillis { get; init; }

    /// <summary>Packets that skip the delay, in percent; requires a delay.</summary>
    public double ReorderPercent { get; init; }

    /// <summary>The arguments of tc-netem(8).</summary>
    public override string ToString()
    {
        List<string> words = [];
        if (DelayMillis > 0)
            words.Add(string.Create(CultureInfo.InvariantCulture, $"delay {DelayMillis}ms {JitterMillis}ms"));
        if (ReorderPercent > 0)
            words.Add(string.Create(CultureInfo.InvariantCulture, $"reorder {ReorderPercent}%"));
        if (LossPercent > 0)
            words.Add(string.Create(CultureInfo.InvariantCulture, $"loss {LossPercent}%"));
        if (DuplicatePercent > 0)
            words.Add(string.Create(CultureInfo.InvariantCulture, $"duplicate {DuplicatePercent}%"));
        return string.Join(' ', words);
    }
}
