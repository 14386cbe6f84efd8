using System.Globalization;

namespace FastForward.Host.Monitoring;

/// <summary>Numbers in few characters, for people.</summary>
internal static class Figures
{
    /// <summary>At most five characters: 0, 7.25, 999, 1.23k, 45.6M.</summary>
    public static string Compact(double value)
    {
        string unit = "";
        foreach (string next in new[] { "k", "M", "G", "T", "P", "E" })
        {
            if (value < 999.5)
                break;
            value /= 1000;
            unit = next;
        }

        return value.ToString(
                value >= 99.95 || (unit.Length == 0 && value == Math.Floor(value)) ? "0"
                    : value >= 9.995 ? "0.0"
                    : "0.00",
                CultureInfo.InvariantCulture
            ) + unit;
    }

    /// <summary>The growth of a counter per second; a dash without an earlier reading.</summary>
    public static string Rate(long now, long? before, double seconds) =>
        before is { } then ? Compact((now - then) / seconds) : "-";

    /// <summary>At most four characters: 0, 0.04, 12.3, 100.</summary>
    public static string Percent(double value) =>
        value switch
        {
            0 => "0",
            < 0.01 => "0.01", // more than nothing is not shown as nothing
            < 9.995 => value.ToString("0.00", CultureInfo.InvariantCulture),
            < 99.95 => value.ToString("0.0", CultureInfo.InvariantCulture),
            _ => "100",
        };

    /// <summary>A duration of microseconds with its unit: 43 us, 12.3 ms, 1.50 s.</summary>
    public static string Micros(double micros) =>
        micros switch
        {
            < 9_999.5 => string.Create(CultureInfo.InvariantCulture, $"{micros:0} us"),
            < 999_950 => string.Create(CultureInfo.InvariantCulture, $"{micros / 1e3:0.0} ms"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{micros / 1e6:0.00} s"),
        };

    /// <summary>At most five characters: 12s, 04:05 (minutes), 03h05, 12d03, 4711d.</summary>
    public static string Age(double seconds)
    {
        TimeSpan age = TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 9999d * 86_400));
        return age switch
        {
            { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{age.Seconds}s"),
            { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{age.Minutes:00}:{age.Seconds:00}"),
            { TotalDays: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{age.Hours:00}h{age.Minutes:00}"),
            { TotalDays: < 100 } => string.Create(CultureInfo.InvariantCulture, $"{age.Days:00}d{age.Hours:00}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{age.Days}d"),
        };
    }

    /// <summary>A transport's registry name without the words that all of them share.</summary>
    public static string Short(string? transport) =>
        transport?.Replace("FORWARD_TRANSPORT_", "", StringComparison.Ordinal) ?? "";
}
