namespace FastForward.Tests.Session;

/// <summary>The frames of Golden/version1.txt by name.</summary>
internal static class GoldenFrames
{
    public static IReadOnlyDictionary<string, byte[]> Version1 { get; } =
        Read("version1.txt").ToDictionary(static line => line.Name, static line => Convert.FromHexString(line.Text));

    /// <summary>The names of those with a key.</summary>
    public static IReadOnlyList<string> WithKey { get; } =
    ["init-key", "response-key", "confirm-key", "cookie", "sealed", "init-renewal", "response-renewal"];

    /// <summary>The lines of a file in Golden: a name and its text.</summary>
    public static IEnumerable<(string Name, string Text)> Read(string file) =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Session", "Golden", file))
            .Where(static line => line.Length > 0 && line[0] != '#')
            .Select(static line => line.Split(": "))
            .Select(static parts => (parts[0], parts[1]));
}
