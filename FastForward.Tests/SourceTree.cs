namespace FastForward.Tests;

/// <summary>The source tree from which the tests were built.</summary>
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
                $"FastForward.sln was not found in any directory above {AppContext.BaseDirectory}."
            );
    }
}
