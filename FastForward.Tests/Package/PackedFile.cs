using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Package;

/// <summary>
/// The library packed into a folder that serves as package source. Has a unique version, so that a cached package is
/// never used instead; removed from the package cache on dispose.
/// </summary>
internal sealed class PackedFile : IDisposable
{
    public const string Id = "FastForward.Transport";

    private readonly TemporaryDirectory _feed = new();

    public PackedFile()
    {
        Version = $"0.1.0-test.{Guid.NewGuid():N}";
        string configuration = Path.GetFileName(
            Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))!
        );
        Run(
            SourceTree.Root,
            TimeSpan.FromMinutes(3),
            "pack",
            Id,
            "-c",
            configuration,
            "--no-build",
            "--nologo",
            "-o",
            _feed.Path,
            $"-p:PackageVersion={Version}"
        );
    }

    public string Version { get; }

    public string Feed => _feed.Path;

    public string File => _feed[$"{Id}.{Version}.nupkg"];

    public string Symbols => _feed[$"{Id}.{Version}.snupkg"];

    /// <summary>Runs the dotnet command and asserts that it succeeds.</summary>
    public static void Run(string directory, TimeSpan limit, params string[] arguments)
    {
        using RunningProgram program = RunningProgram.StartIn(directory, "dotnet", arguments);
        Assert.That(program.WaitForExit(limit), Is.Zero, $"dotnet {string.Join(' ', arguments)}\n{program.Everything}");
    }

    public void Dispose()
    {
        _feed.Dispose();
        string packages =
            Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        string cached = Path.Combine(packages, Id.ToLowerInvariant(), Version);
        if (Directory.Exists(cached))
            Directory.Delete(cached, recursive: true);
    }
}
