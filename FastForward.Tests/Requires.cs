namespace FastForward.Tests;

/// <summary>Programs that a test needs beyond .NET; <see cref="TestEnvironment"/> decides what becomes of the test without them.</summary>
internal static class Requires
{
    /// <summary>A program of a Debian package.</summary>
    /// <returns>Its path.</returns>
    public static string Program(string name, string package)
    {
        // System programs such as dnsmasq are in sbin, which is not on every user's path.
        string[] directories = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), "/usr/sbin", "/sbin"];
        string? found = directories.Where(static directory => directory.Length > 0)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);
        if (found is null) TestEnvironment.Missing($"The program {name} is not installed (Debian package {package}; test.sh installs it).");
        return found!;
    }
}
