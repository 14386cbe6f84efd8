using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Package;

/// <summary>
/// A project packed into a folder that serves as package source, with the packages of this repository that it needs.
/// All have a unique version, so that a cached package is never used instead; removed from the package cache on
/// dispose.
/// </summary>
internal sealed class PackedFile : IDisposable
{
    public const string Transport = "FastForward.Transport";
    public const string Tarantool = "Tarantool.Client";

    /// <summary>What fills in the address of the project.</summary>
    public const string ProjectUrl = "https://project.example/";

    private readonly TemporaryDirectory _feed = new();
    private readonly string[] _ids;

    public PackedFile(string id)
    {
        _ids = id == Transport ? [id, Tarantool] : [id];
        Version = NewVersion();
        foreach (string each in _ids)
            Pack(each);
    }

    public string Version { get; }

    private string Feed => _feed.Path;

    public string File => _feed[$"{_ids[0]}.{Version}.nupkg"];

    public string Symbols => _feed[$"{_ids[0]}.{Version}.snupkg"];

    private void Pack(string id)
    {
        string configuration = Path.GetFileName(
            Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))!
        );
        Run(
            SourceTree.Root,
            TimeSpan.FromMinutes(3),
            "pack",
            id,
            "-c",
            configuration,
            "--no-build",
            "--nologo",
            "-o",
            _feed.Path,
            $"-p:PackageVersion={Version}",
            $"-p:ProjectUrl={ProjectUrl}"
        );
    }

    /// <summary>
    /// A nuget.config with this package's source. Sources are named by key: "nuget.org" is whatever this machine's own
    /// configuration says.
    /// </summary>
    public string Configuration =>
        $"""
            <configuration>
              <packageSources>
                <add key="packed" value="{Feed}" />
              </packageSources>
              <packageSourceMapping>
                <packageSource key="nuget.org"><package pattern="*" /></packageSource>
                <packageSource key="packed">{string.Concat(
                _ids.Select(static id => $"<package pattern=\"{id}\" />")
            )}</packageSource>
              </packageSourceMapping>
            </configuration>
            """;

    /// <summary>Runs the dotnet command and asserts that it succeeds.</summary>
    public static void Run(string directory, TimeSpan limit, params string[] arguments)
    {
        using RunningProgram program = RunningProgram.StartIn(directory, "dotnet", arguments);
        Assert.That(program.WaitForExit(limit), Is.Zero, $"dotnet {string.Join(' ', arguments)}\n{program.Everything}");
    }

    /// <summary>
    /// A version that was never used. Not a preview, which <c>dotnet add package</c> does not take by itself.
    /// </summary>
    public static string NewVersion() => $"0.1.{Random.Shared.Next(1_000, int.MaxValue)}";

    public static void RemoveCached(string id, string version)
    {
        string packages =
            Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        string cached = Path.Combine(packages, id.ToLowerInvariant(), version);
        if (Directory.Exists(cached))
            Directory.Delete(cached, recursive: true);
    }

    public void Dispose()
    {
        _feed.Dispose();
        foreach (string id in _ids)
            RemoveCached(id, Version);
    }
}
