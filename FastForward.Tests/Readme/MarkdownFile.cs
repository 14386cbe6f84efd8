using System.Text.RegularExpressions;

namespace FastForward.Tests.Readme;

/// <summary>A Markdown file of the source tree.</summary>
internal sealed partial class MarkdownFile(string path)
{
    private readonly string _text = File.ReadAllText(Path.Combine(SourceTree.Root, path));

    /// <summary>The blocks to paste into a shell: those without a language.</summary>
    public IReadOnlyList<string> ShellBlocks => [.. Fences().Where(static f => f.Language == "").Select(Content)];

    public IReadOnlyList<string> Programs => [.. Fences().Where(static f => f.Language == "csharp").Select(Content)];

    /// <summary>The targets of its links to files.</summary>
    public IEnumerable<string> Links => Link().Matches(_text).Select(static link => link.Groups[1].Value);

    private static string Content((string Language, string Content) fence) => fence.Content;

    private IEnumerable<(string Language, string Content)> Fences() =>
        Fence().Matches(_text).Select(static fence => (fence.Groups[1].Value, fence.Groups[2].Value));

    [GeneratedRegex(@"^```(.*?)\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\]\(([^)#:]+)\)")]
    private static partial Regex Link();
}
