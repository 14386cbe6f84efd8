using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace FastForward.Transport.Transports.Impairment;

/// <summary>The text form of <see cref="ImpairmentOptions"/>.</summary>
internal static class ImpairmentText
{
    private const string Parts = "loss, burst, delay, jitter, duplicate, reorder, outage, queue, seed";
    private const string Profiles = "typical, busy, bad-wan";

    private static readonly (string Unit, long Ticks)[] s_units =
    [
        ("us", TimeSpan.TicksPerMicrosecond),
        ("ms", TimeSpan.TicksPerMillisecond),
        ("s", TimeSpan.TicksPerSecond),
    ];

    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out ImpairmentOptions? options,
        [NotNullWhen(false)] out string? problem
    )
    {
        ArgumentNullException.ThrowIfNull(text);
        options = null;
        ImpairmentOptions read = new();
        List<string> known = [];
        string[] words = text.Split(',', StringSplitOptions.TrimEntries);
        for (int i = 0; i < words.Length; i++)
        {
            string[] pair = words[i].Split('=', 2, StringSplitOptions.TrimEntries);
            problem =
                pair.Length == 1 ? ReadProfile(words[i], i == 0, ref read)
                : known.Contains(pair[0], StringComparer.OrdinalIgnoreCase) ? $"{pair[0]} is given twice"
                : ReadPart(pair[0], pair[1], ref read);
            if (problem is not null)
                return false;
            known.Add(pair[0]);
        }

        problem = read.FindProblems().FirstOrDefault();
        if (problem is not null)
            return false;
        options = read;
        return true;
    }

    /// <summary>The parts that are not at their default.</summary>
    public static string Of(ImpairmentOptions options)
    {
        ImpairmentOptions none = new();
        List<string> parts = [$"loss={Percent(options.LossPercent)}"];
        if (options.MeanBurst != 0)
            parts.Add($"burst={Number(options.MeanBurst)}");
        if (options.Delay != TimeSpan.Zero)
            parts.Add($"delay={Time(options.Delay)}");
        if (options.Jitter != TimeSpan.Zero)
            parts.Add($"jitter={Time(options.Jitter)}");
        if (options.DuplicatePercent != 0)
            parts.Add($"duplicate={Percent(options.DuplicatePercent)}");
        if (options.ReorderPercent != 0)
            parts.Add($"reorder={Percent(options.ReorderPercent)}");
        if (options.OutageInterval != TimeSpan.Zero)
            parts.Add($"outage={Time(options.OutageLength)}/{Time(options.OutageInterval)}");
        if (options.QueueFrames != none.QueueFrames)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"queue={options.QueueFrames}"));
        if (options.Seed is { } seed)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"seed={seed}"));
        return string.Join(", ", parts);
    }

    public static string Percent(double value) => $"{Number(value)}%";

    // Without an exponent, which is not read.
    public static string Number(double value) => value.ToString("0.###############", CultureInfo.InvariantCulture);

    public static string Time(TimeSpan value) =>
        value.Ticks % TimeSpan.TicksPerSecond == 0 && value != TimeSpan.Zero ? $"{Number(value.TotalSeconds)}s"
        : value.Ticks % TimeSpan.TicksPerMillisecond == 0 ? $"{Number(value.TotalMilliseconds)}ms"
        : $"{Number(value.TotalMicroseconds)}us";

    private static string? ReadProfile(string word, bool isFirst, ref ImpairmentOptions options)
    {
        if (!isFirst)
            return $"'{word}' has no value, as in loss=2%, and a profile ({Profiles}) comes first";
        switch (word.ToLowerInvariant())
        {
            case "typical":
                options = ImpairmentOptions.Typical;
                return null;
            case "busy":
                options = ImpairmentOptions.Busy;
                return null;
            case "bad-wan":
                options = ImpairmentOptions.BadWan;
                return null;
            default:
                return $"'{word}' is neither a profile ({Profiles}) nor a part with a value ({Parts})";
        }
    }

    private static string? ReadPart(string name, string text, ref ImpairmentOptions options)
    {
        switch (name.ToLowerInvariant())
        {
            case "loss":
                if (!TryReadPercent(text, out double loss))
                    return NoPercentage(name, text);
                options = options with { LossPercent = loss };
                return null;
            case "burst":
                if (!TryReadNumber(text, out double burst) || burst == 0)
                    return $"burst={text} is no number from 1 to 1000, as in burst=2";
                options = options with { MeanBurst = burst };
                return null;
            case "delay":
                if (!TryReadTime(text, out TimeSpan delay))
                    return NoTime(name, text);
                options = options with { Delay = delay };
                return null;
            case "jitter":
                if (!TryReadTime(text, out TimeSpan jitter))
                    return NoTime(name, text);
                options = options with { Jitter = jitter };
                return null;
            case "duplicate":
                if (!TryReadPercent(text, out double duplicate))
                    return NoPercentage(name, text);
                options = options with { DuplicatePercent = duplicate };
                return null;
            case "reorder":
                if (!TryReadPercent(text, out double reorder))
                    return NoPercentage(name, text);
                options = options with { ReorderPercent = reorder };
                return null;
            case "outage":
                string[] times = text.Split('/', StringSplitOptions.TrimEntries);
                if (
                    times.Length != 2
                    || !TryReadTime(times[0], out TimeSpan length)
                    || !TryReadTime(times[1], out TimeSpan interval)
                )
                    return $"outage={text} is no length and interval, as in outage=20ms/5s";
                options = options with { OutageLength = length, OutageInterval = interval };
                return null;
            case "queue":
                if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int queue))
                    return $"queue={text} is no number of frames from 1 to 65536, as in queue=4096";
                options = options with { QueueFrames = queue };
                return null;
            case "seed":
                if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed))
                    return $"seed={text} is no whole number from 0 to {ulong.MaxValue}, as in seed=7";
                options = options with { Seed = seed };
                return null;
            default:
                return $"'{name}' is not known; the parts are {Parts}";
        }
    }

    private static string NoPercentage(string name, string text) => $"{name}={text} is no percentage, as in {name}=2%";

    private static string NoTime(string name, string text) =>
        $"{name}={text} is no time in us, ms or s, as in {name}=30ms";

    private static bool TryReadPercent(string text, out double value)
    {
        value = 0;
        return text.EndsWith('%') && TryReadNumber(text[..^1], out value);
    }

    private static bool TryReadTime(string text, out TimeSpan time)
    {
        time = default;
        string number = text.TrimEnd("mus".ToCharArray());
        string unit = text[number.Length..];
        (string Unit, long Ticks) known = Array.Find(s_units, candidate => candidate.Unit == unit);
        if (known.Ticks == 0 || !TryReadNumber(number, out double value))
            return false;
        if (!(value <= 1_000_000.0 * TimeSpan.TicksPerSecond / known.Ticks))
            return false;
        time = TimeSpan.FromTicks((long)Math.Round(value * known.Ticks));
        return true;
    }

    private static bool TryReadNumber(string text, out double value) =>
        double.TryParse(
            text,
            NumberStyles.AllowDecimalPoint | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture,
            out value
        );
}
