using System.Text;

namespace FastForward.Host.Instances;

/// <summary>
/// The lines of an instance file: which sections and keys there are, and where. The configuration package reads the
/// values, but it stops at the first error and has no line numbers; here every wrong line is reported and left out, so
/// that the rest can still be checked.
/// </summary>
internal sealed class InstanceText
{
    private readonly string _file;
    private readonly List<InstanceProblem> _problems;
    private readonly Dictionary<string, InstanceSection> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> _lineOfKey = new(StringComparer.OrdinalIgnoreCase);
    private readonly StringBuilder _sound = new();

    private InstanceText(string file, List<InstanceProblem> problems)
    {
        _file = file;
        _problems = problems;
        Top = new InstanceSection("", 0);
        _byName[""] = Top;
    }

    /// <summary>The keys before the first section header.</summary>
    public InstanceSection Top { get; }

    /// <summary>The sections below, in the order of the file.</summary>
    public List<InstanceSection> Sections { get; } = [];

    /// <summary>The text without its faulty lines.</summary>
    public string Sound => _sound.ToString();

    /// <summary>
    /// Scans <paramref name="text"/> and adds what is wrong with its lines to <paramref name="problems"/>.
    /// </summary>
    public static InstanceText Scan(string file, string text, List<InstanceProblem> problems)
    {
        InstanceText scan = new(file, problems);
        InstanceSection section = scan.Top;
        using StringReader lines = new(text); // its line ends are those of editors, not those of Unicode
        int number = 0;
        while (lines.ReadLine() is { } raw)
        {
            number++;
            string line = raw.Trim();
            if (line.Length == 0 || line[0] is ';' or '#')
                continue;
            bool isSound = scan.IsWritable(line, number);
            if (FirstVisible(line) == '[')
                section = isSound ? scan.Header(line, number) : new InstanceSection(line, number);
            else if (isSound)
                scan.Key(line, number, section);
        }

        return scan;
    }

    private static char FirstVisible(string line)
    {
        foreach (Rune rune in line.EnumerateRunes())
        {
            if (!VisibleText.IsInvisible(rune))
                return rune.IsBmp ? (char)rune.Value : '\0';
        }

        return '\0';
    }

    // What looks like a key or a header but is read as another one, or not at all.
    private bool IsWritable(string line, int number)
    {
        if (line[0] == '/')
        {
            Report(
                number,
                "",
                $"'{line}' begins with a slash; a comment begins with ; or #",
                $"# {line.Trim('/', ' ')}"
            );
            return false;
        }

        int column = 1;
        foreach (Rune rune in line.EnumerateRunes())
        {
            bool isBlank = Rune.IsWhiteSpace(rune) && rune.Value is not (' ' or '\t');
            if (isBlank || (VisibleText.IsInvisible(rune) && rune.Value != '\t'))
            {
                Report(
                    number,
                    "",
                    $"'{line}' has the invisible character U+{rune.Value:X4} as its character {column}; remove it"
                );
                return false;
            }

            column++;
        }

        return true;
    }

    // The result of a faulty header is a section of its own: its keys must not count for the section before.
    private InstanceSection Header(string line, int number)
    {
        int close = line.IndexOf(']', StringComparison.Ordinal);
        if (close < 0)
        {
            Report(number, "", $"'{line}' opens a section without closing it", "[bridge]");
            return new InstanceSection(line, number);
        }

        if (close < line.Length - 1)
        {
            Report(
                number,
                "",
                $"'{line}' has text after the section; a comment needs a line of its own",
                line[..(close + 1)]
            );
            return new InstanceSection(line, number);
        }

        // One space between the words, so that "[bridge  dns]" and "[bridge dns]" are the same section. Tabs count as
        // spaces: the configuration package removes them around a name.
        string name = string.Join(' ', line[1..^1].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries));
        if (name.Length == 0 || name.Contains(':', StringComparison.Ordinal))
        {
            Report(number, "", $"'{line}' is no section name", "[bridge dns]");
            return new InstanceSection(name, number);
        }

        if (_byName.TryGetValue(name, out InstanceSection? earlier))
        {
            string advice = earlier.Kind is "bridge" or "outlet"
                ? $"[{earlier.Kind} second]"
                : $"put its rows under line {earlier.Line}";
            Report(number, name, $"the section is given again; the first one is in line {earlier.Line}", advice);
        }

        // A repeated section is checked like any other, so that all its mistakes are told at once.
        InstanceSection section = new(name, number) { Id = earlier is null ? name : $"{name}#{number}" };
        _byName.TryAdd(name, section);
        Sections.Add(section);
        _sound.Append('[').Append(section.Id).Append("]\n");
        return section;
    }

    private void Key(string line, int number, InstanceSection section)
    {
        int equals = line.IndexOf('=', StringComparison.Ordinal);
        string key = equals < 0 ? "" : line[..equals].Trim();
        if (key.Length == 0)
        {
            Report(number, section.Name, $"'{line}' is neither a key with a value nor a [section]", "network = 25011");
            return;
        }

        if (key.Contains(':', StringComparison.Ordinal))
        {
            Report(
                number,
                section.PathOf(key),
                "a key has no colon in it",
                "[bridge] in a line of its own, then listen = 127.0.0.1:5300"
            );
            return;
        }

        if (section != Top && !Sections.Contains(section))
            return; // reported with its header
        if (!_lineOfKey.TryAdd(section.ValueOf(key), number))
        {
            Report(
                number,
                section.PathOf(key),
                $"the key is given again; the first one is in line {_lineOfKey[section.ValueOf(key)]}"
            );
            return;
        }

        section.Keys.Add(new InstanceKey(key, number));
        _sound.Append(line).Append('\n');
    }

    private void Report(int line, string key, string reason, string? example = null) =>
        _problems.Add(new InstanceProblem(_file, line, key, reason, example));
}
