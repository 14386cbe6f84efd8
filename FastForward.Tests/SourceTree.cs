namespace FastForward.Tests;

/// <summary>The source that the tests were built from.</summary>
internal static class SourceTree
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "FastForward.sln")))
            directory = directory.Parent;
        return directory?.FullName
            ?? throw new InvalidOperationException(
                $"FastForward.sln is in no directory above {AppContext.BaseDirectory}."
            );
    }
}
