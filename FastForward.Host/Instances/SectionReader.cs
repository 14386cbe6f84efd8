using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;

namespace FastForward.Host.Instances;

/// <summary>
/// Reads the keys of one section as typed values. Every accessor returns a usable value even if the one in the file is
/// wrong: the problem is recorded and reading continues, so that all problems of a file are reported at once.
/// </summary>
internal sealed class SectionReader(
    string file,
    InstanceSection section,
    IConfiguration values,
    List<InstanceProblem> problems
)
{
    private readonly List<string> _known = [];

    /// <summary>The value of a key, or null when it is not given.</summary>
    public string? Text(string key)
    {
        if (!_known.Contains(key))
            _known.Add(key);
        return section.LineOf(key) == 0 ? null : values[section.ValueOf(key)] ?? "";
    }

    /// <summary>A whole number within limits.</summary>
    /// <param name="key">The key.</param>
    /// <param name="minimum">The least.</param>
    /// <param name="maximum">The most.</param>
    /// <param name="absent">The value when the key is not given; null when it must be given.</param>
    /// <param name="example">A good value.</param>
    public long Number(string key, long minimum, long maximum, long? absent, string example)
    {
        string? text = Text(key);
        if (text is null)
        {
            if (absent is null)
                Missing(key, example);
            return absent ?? minimum;
        }

        if (
            long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            && number >= minimum
            && number <= maximum
        )
            return number;
        Wrong(key, text, $"is no whole number from {minimum} to {maximum}", example);
        return absent ?? minimum;
    }

    /// <summary>One of a few words.</summary>
    public T Word<T>(string key, T absent, IReadOnlyList<KeyValuePair<string, T>> words)
    {
        string? text = Text(key);
        if (text is null)
            return absent;
        foreach ((string word, T value) in words)
        {
            if (string.Equals(word, text, StringComparison.OrdinalIgnoreCase))
                return value;
        }

        IEnumerable<string> names = words.Select(static word => word.Key);
        Wrong(key, text, $"is none of {string.Join(", ", names)}", NearestName.Of(text, names) ?? words[0].Key);
        return absent;
    }

    /// <summary>Yes or no.</summary>
    public bool Switch(string key, bool absent) =>
        Word<bool>(key, absent, [new("yes", true), new("no", false), new("true", true), new("false", false)]);

    /// <summary>An IP address with a port; it must be given.</summary>
    public ZonedEndPoint EndPoint(string key, string example)
    {
        ZonedEndPoint nowhere = new IPEndPoint(IPAddress.None, 0);
        string? text = Text(key);
        if (text is null)
        {
            Missing(key, example);
            return nowhere;
        }

        if (ZonedEndPoint.TryParse(text, out ZonedEndPoint? endPoint, out string? problem))
            return endPoint;
        Wrong(key, text, problem, example);
        return nowhere;
    }

    /// <summary>A list with commas; null when the key is not given.</summary>
    public IReadOnlyList<string>? List(string key) =>
        Text(key)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Notes that the key is missing.</summary>
    public void Missing(string key, string example) =>
        Report(section.Line, section.PathOf(key), "is missing", $"{key} = {example}");

    /// <summary>Notes that the value is wrong.</summary>
    public void Wrong(string key, string value, string reason, string example)
    {
        bool comment = value.Contains(" ;", StringComparison.Ordinal) || value.Contains(" #", StringComparison.Ordinal);
        string hint = comment ? " (a comment needs a line of its own)" : "";
        Report(section.LineOf(key), section.PathOf(key), $"'{value}' {reason}{hint}", $"{key} = {example}");
    }

    /// <summary>Notes that the value, right by itself, does not go with another one.</summary>
    public void Contradiction(string key, string reason, string example) =>
        Report(section.LineOf(key), section.PathOf(key), reason, example);

    /// <summary>Notes every key that no accessor asked for. Call it last.</summary>
    public void ReportUnknownKeys()
    {
        foreach (InstanceKey key in section.Keys)
        {
            if (_known.Contains(key.Name, StringComparer.OrdinalIgnoreCase))
                continue;
            string? near = NearestName.Of(key.Name, _known);
            string advice = near is null ? $"the keys here are {string.Join(", ", _known)}" : $"did you mean {near}?";
            Report(key.Line, section.PathOf(key.Name), $"is not known{NearestName.Foreign(key.Name)}; {advice}", null);
        }
    }

    private void Report(int line, string key, string reason, string? example) =>
        problems.Add(new InstanceProblem(file, line, key, reason, example));
}
