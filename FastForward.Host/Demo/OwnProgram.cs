using System.Diagnostics;

namespace FastForward.Host.Demo;

/// <summary>How this program starts itself again: as an apphost, as a single file, or through <c>dotnet</c>.</summary>
internal static class OwnProgram
{
    public static ProcessStartInfo Command(IEnumerable<string> arguments)
    {
        string program =
            Environment.ProcessPath ?? throw new InvalidOperationException("The path of this process is unknown.");
        bool throughDotnet = Path.GetFileNameWithoutExtension(program)
            .Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        IEnumerable<string> all = throughDotnet ? [Environment.GetCommandLineArgs()[0], .. arguments] : arguments;
        return new ProcessStartInfo(program, all)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
    }
}
