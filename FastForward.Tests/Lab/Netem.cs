using System.Globalization;

namespace FastForward.Tests.Lab;

/// <summary>What the kernel does to each packet of a <see cref="LossyPath"/>, in both directions.</summary>
internal sealed record Netem
{
    /// <summary>Packets lost, each by itself, in percent.</summary>
    public double LossPercent { get; init; }

    /// <summary>Packets that arrive twice, in percent.</summary>
    public double DuplicatePercent { get; init; }

    /// <summary>Time on the way, in milliseconds.</summary>
    public int DelayMillis { get; init; }

    /// <summary>Most deviation from the delay, in milliseconds; packets overtake each other by it.</summary>
    public int JitterMillis { get; init; }

    /// <summary>Packets that skip the delay, in percent; it needs a delay.</summary>
    public double ReorderPercent { get; init; }

    /// <summary>In the words of tc-netem(8).</summary>
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
