using System.Text.RegularExpressions;

namespace FastForward.Tests.Repository;

/// <summary>Rules for the text of the repository that neither the compiler nor the formatter checks.</summary>
public sealed partial class SourceTextTests
{
    /// <summary>As max_line_length in .editorconfig. The formatter does not break comments and strings.</summary>
    private const int MaxLineLength = 120;

    [Test]
    public void Lines_of_code_have_at_most_120_columns() =>
        Assert.That(Offenders("*.cs", static line => line.Length > MaxLineLength), Is.Empty);

    [Test]
    public void Code_and_documentation_use_the_common_terms([Values("*.cs", "*.md")] string pattern) =>
        Assert.That(
            Offenders(pattern, static line => ReplacedTerm().IsMatch(line)),
            Is.Empty,
            "write byte, and peer or remote"
        );

    [Test]
    public void The_scan_finds_the_source_files()
    {
        string[] files = [.. Files("*.cs")];
        Assert.That(files, Does.Contain("FastForward.Tests/Repository/SourceTextTests.cs"));
        Assert.That(files, Has.Some.StartsWith("FastForward.Transport/"));
        Assert.That(files, Has.None.Contains("/obj/"));
    }

    /// <summary>The lines that break a rule, as file:line.</summary>
    private static List<string> Offenders(string pattern, Func<string, bool> breaksRule)
    {
        List<string> offenders = [];
        foreach (string file in Files(pattern))
        {
            int number = 0;
            foreach (string line in File.ReadLines(Path.Combine(SourceTree.Root, file)))
            {
                number++;
                if (breaksRule(line))
                    offenders.Add($"{file}:{number}");
            }
        }

        return offenders;
    }

    /// <summary>Paths relative to the root, without build outputs, results and hidden folders.</summary>
    private static IEnumerable<string> Files(string pattern) =>
        Directory
            .EnumerateFiles(SourceTree.Root, pattern, SearchOption.AllDirectories)
            .Select(static path => Path.GetRelativePath(SourceTree.Root, path))
            .Where(static path => !Ignored().IsMatch(path));

    // The terms are interrupted by a character class, so that this file does not contain them.
    [GeneratedRegex("oct[e]ts?|\\bfar [e]nd", RegexOptions.IgnoreCase)]
    private static partial Regex ReplacedTerm();

    [GeneratedRegex("(^|/)(bin|obj|TestResults|BenchmarkDotNet\\.Artifacts|\\.[^/]*)/")]
    private static partial Regex Ignored();
}
