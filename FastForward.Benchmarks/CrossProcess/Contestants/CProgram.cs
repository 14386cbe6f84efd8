using System.ComponentModel;
using System.Diagnostics;
using static System.IO.Path;

namespace FastForward.Benchmarks.CrossProcess.Contestants;

/// <summary>A C program of this tool, compiled when it is needed if gcc is installed.</summary>
internal sealed class CProgram : IDisposable
{
    private readonly DirectoryInfo _directory;

    private CProgram(DirectoryInfo directory, string name)
    {
        _directory = directory;
        Path = Combine(directory.FullName, name);
    }

    public string Path { get; }

    /// <summary>Compiles the program into a temporary directory, which <see cref="Dispose"/> deletes.</summary>
    /// <param name="name">The name of its source without the extension.</param>
    /// <param name="reason">Why it is unavailable; null on success.</param>
    /// <param name="arguments">Further arguments of the compiler, such as libraries.</param>
    public static CProgram? TryBuild(string name, out string? reason, params string[] arguments)
    {
        CProgram program = new(Directory.CreateTempSubdirectory("fastforward-floor-"), name);
        string source = $"{program.Path}.c";
        using (Stream resource = typeof(CProgram).Assembly.GetManifestResourceStream($"{name}.c")!)
        using (FileStream file = File.Create(source))
            resource.CopyTo(file);
        reason = Compile(source, program.Path, arguments);
        if (reason is null)
            return program;
        program.Dispose();
        return null;
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static string? Compile(string source, string output, string[] arguments)
    {
        try
        {
            using Process gcc = Process.Start(
                new ProcessStartInfo("gcc", ["-O2", "-o", output, source, .. arguments])
                {
                    RedirectStandardError = true,
                    RedirectStandardOutput = true,
                    RedirectStandardInput = true,
                }
            )!;
            string errors = gcc.StandardError.ReadToEnd();
            gcc.WaitForExit();
            return gcc.ExitCode == 0 ? null : $"gcc did not compile {GetFileName(source)}: {errors.Trim()}";
        }
        catch (Win32Exception)
        {
            return "gcc is not in PATH (Debian: apt-get install gcc libc6-dev)";
        }
    }
}
