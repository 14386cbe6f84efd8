namespace FastForward.Tests.Session;

/// <summary>The frames of Golden/version1.txt by name.</summary>
internal static class GoldenFrames
{
    public static IReadOnlyDictionary<string, byte[]> Version1 { get; } =
        File.ReadLines(System.IO.Path.Combine(AppContext.BaseDirectory, "Session", "Golden", "version1.txt"))
            .Where(static line => line.Length > 0 && line[0] != '#')
            .Select(static line => line.Split(": "))
            .ToDictionary(static parts => parts[0], static parts => Convert.FromHexString(parts[1]));
}
