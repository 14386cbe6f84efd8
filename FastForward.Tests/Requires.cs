namespace FastForward.Tests;

/// <summary>What a test needs beyond .NET; <see cref="TestEnvironment"/> decides what becomes of the test without them.</summary>
internal static class Requires
{
    /// <summary>A program of a Debian package.</summary>
    /// <returns>Its path.</returns>
    public static string Program(string name, string package)
    {
        // System programs such as dnsmasq are in sbin, which is not on every user's path.
        string[] directories = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), "/usr/sbin", "/sbin"];
        string? found = directories
            .Where(static directory => directory.Length > 0)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);
        if (found is null)
            TestEnvironment.Missing(
                $"The program {name} is not installed (Debian package {package}; test.sh installs it)."
            );
        return found!;
    }

    /// <summary>
    /// The lab: the virtual machine of <c>lab/run</c>, whose network a test may change. What the lab has must work there: a
    /// test that misses it fails by itself.
    /// </summary>
    public static void Lab()
    {
        if (TestEnvironment.LabDirectory is null)
            TestEnvironment.Missing("This test runs in the lab only (lab/run, see lab/README.md).");
    }

    /// <summary>Vsock connections within this machine (CID 1).</summary>
    public static void VSock()
    {
        if (TestEnvironment.LabDirectory is null && !Directory.Exists("/sys/module/vsock_loopback"))
        {
            TestEnvironment.Missing(
                "There is no vsock loopback here (kernel module vsock_loopback); the lab has it (lab/run, see lab/README.md)."
            );
        }
    }
}
