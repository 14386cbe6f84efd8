namespace FastForward.Tests;

/// <summary>
/// A temporary directory with a short name (UNIX socket paths have at most 107 bytes); deleted on dispose.
/// </summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ff").FullName;

    public IReadOnlyList<string> Files =>
        [.. Directory.EnumerateFileSystemEntries(Path).Select(System.IO.Path.GetFileName).OfType<string>().Order()];

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
