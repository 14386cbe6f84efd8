using System.Diagnostics;

namespace FastForward.Tests;

/// <summary>
/// Prerequisites of tests beyond .NET. <see cref="TestEnvironment.Missing"/> skips or fails the test.
/// </summary>
internal static class Requires
{
    /// <summary>A program of a Debian package.</summary>
    /// <returns>Its path.</returns>
    public static string Program(string name, string package)
    {
        // System programs such as dnsmasq are in sbin, which is not in every user's PATH.
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
    /// The lab: the virtual machine of <c>lab/run</c>, whose network a test may change. Tests do not check for what the
    /// lab provides; they fail if it is missing.
    /// </summary>
    public static void Lab()
    {
        if (TestEnvironment.LabDirectory is null)
            TestEnvironment.Missing("This test requires the lab (lab/run, see lab/README.md).");
    }

    /// <summary>Vsock connections within this machine (CID 1).</summary>
    public static void VSock()
    {
        if (TestEnvironment.LabDirectory is null && !Directory.Exists("/sys/module/vsock_loopback"))
        {
            TestEnvironment.Missing(
                "vsock loopback is not available (kernel module vsock_loopback); it is in the lab (see lab/README.md)."
            );
        }
    }

    /// <summary>Root, and namespaces of networks and mounts that it may make.</summary>
    public static void Namespaces()
    {
        Program("ip", "iproute2");
        using Process probe = Process.Start(
            new ProcessStartInfo(Program("unshare", "util-linux"), ["--mount", "--net", "ip", "link"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        probe.WaitForExit();
        if (probe.ExitCode != 0)
            TestEnvironment.Missing("This test requires root, and the permission to make namespaces (unshare(1)).");
    }
}
