using System.IO.Compression;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Compatibility;

/// <summary>
/// The host of candidate 1 of the wire format, as a program: its assemblies are kept with the tests (candidate-1.zip),
/// the libraries that it uses are those of today.
/// </summary>
internal sealed class CandidateHost : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public CandidateHost()
    {
        string own = AppContext.BaseDirectory;
        ZipFile.ExtractToDirectory(Path.Combine(own, "Compatibility", "candidate-1.zip"), _directory.Path);
        foreach (string file in Directory.EnumerateFileSystemEntries(own))
        {
            string name = Path.GetFileName(file);
            if (name == Path.GetFileName(RunningProgram.HostPath))
                File.Copy(file, Path.Combine(_directory.Path, name)); // a program looks beside its own file
            else if (!File.Exists(Path.Combine(_directory.Path, name)) && IsNeeded(name))
                File.CreateSymbolicLink(Path.Combine(_directory.Path, name), file);
        }
    }

    /// <summary>Starts it.</summary>
    public RunningProgram Start(params string[] arguments) =>
        RunningProgram.Start(Path.Combine(_directory.Path, Path.GetFileName(RunningProgram.HostPath)), arguments);

    public void Dispose() => _directory.Dispose();

    private static bool IsNeeded(string name) =>
        name is "runtimes" or "FastForward.Host.deps.json" or "FastForward.Host.runtimeconfig.json"
        || (
            name.EndsWith(".dll", StringComparison.Ordinal) && !name.StartsWith("FastForward", StringComparison.Ordinal)
        );
}
