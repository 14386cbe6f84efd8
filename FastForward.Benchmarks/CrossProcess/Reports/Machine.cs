using System.Runtime.InteropServices;

namespace FastForward.Benchmarks.CrossProcess.Reports;

/// <summary>The machine that a report was made on.</summary>
internal static class Machine
{
    /// <summary>Processors, kernel and runtime.</summary>
    public static string Describe()
    {
        string? model = File.ReadLines("/proc/cpuinfo")
            .FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal))
            ?.Split(':')[^1]
            .Trim();
        return $"{Environment.ProcessorCount} x {model ?? RuntimeInformation.ProcessArchitecture.ToString()}, "
            + $"Linux {Environment.OSVersion.Version.ToString(3)}, {RuntimeInformation.FrameworkDescription}";
    }
}
