using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace FastForward.Tests.Simulation.Variants.Mutants;

/// <summary>One small change of the source, as a mistake would make it.</summary>
/// <param name="File">The file, relative to the root of the repository.</param>
/// <param name="Span">What is replaced.</param>
/// <param name="Replacement">What takes its place.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Text">The change in words.</param>
internal sealed record Mutant(string File, TextSpan Span, string Replacement, int Line, string Text)
{
    public static Mutant Of(string file, SyntaxNode node, TextSpan span, string replacement)
    {
        FileLinePositionSpan place = node.GetLocation().GetLineSpan();
        string before = node.SyntaxTree.GetText().ToString(span);
        return new Mutant(
            file,
            span,
            replacement,
            place.StartLinePosition.Line + 1,
            $"{Short(before)} => {replacement}"
        );
    }

    public string Apply(string source) => source[..Span.Start] + Replacement + source[Span.End..];

    public override string ToString() => $"{File}:{Line}: {Text}";

    private static string Short(string text)
    {
        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length > 70 ? line[..67] + "..." : line;
    }
}
