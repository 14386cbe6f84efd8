using System.Reflection;
using System.Text.RegularExpressions;
using FastForward.Transport;

namespace FastForward.Tests.Host;

/// <summary>
/// Operators of the host know the keys of the instance file and not the options of the library, so what the library
/// says while it runs names none of them.
/// </summary>
public sealed partial class OptionNamesTests
{
    // What these say is read by programmers, or translated by the host.
    private static readonly string[] s_exceptions =
    [
        "Options.cs",
        "/DependencyInjection/",
        "/Hosting/",
        "/Diagnostics/",
        "/Async/",
        "RouteEvaluation.cs",
    ];

    [Test]
    public void Messages_name_no_option_of_the_library()
    {
        string[] names =
        [
            .. typeof(ForwardNode)
                .Assembly.GetExportedTypes()
                .Where(static type => type.Name.EndsWith("Options", StringComparison.Ordinal))
                .SelectMany(static type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
                .Select(static property => property.Name)
                .Where(static name => name.Count(char.IsUpper) > 1)
                .Distinct(),
        ];
        Assert.That(names, Has.Some.EqualTo("AllowUnkeyedNetwork"));
        Regex option = new($@"\b({string.Join('|', names)})\b");
        List<string> found = [];
        string root = Path.Combine(SourceTree.Root, "FastForward.Transport");
        foreach (string file in Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories))
        {
            if (file.Contains("/obj/", StringComparison.Ordinal) || s_exceptions.Any(file.Contains))
                continue;
            foreach (string line in File.ReadLines(file).Where(static line => !line.TrimStart().StartsWith('/')))
            {
                foreach (Match text in Literal().Matches(line))
                {
                    string words = Hole().Replace(text.Value, "");
                    if (option.IsMatch(words))
                        found.Add($"{Path.GetFileName(file)}: {line.Trim()}");
                }
            }
        }

        Assert.That(found, Is.Empty);
    }

    [GeneratedRegex("\"(?:[^\"\\\\]|\\\\.)*\"")]
    private static partial Regex Literal();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Hole();
}
