namespace FastForward.Tests;

/// <summary>
/// What a test needs of the machine beyond .NET. Where it is absent the test is ignored with the reason, unless the full
/// test command runs (FASTFORWARD_TESTS_COMPLETE=1): that one provides everything, so an absence is a failure there.
/// </summary>
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
        if (found is null) Absent($"The program {name} is not installed (Debian package {package}; test.sh installs it).");
        return found!;
    }

    /// <summary>Any other condition.</summary>
    public static void That(bool condition, string reason)
    {
        if (!condition) Absent(reason);
    }

    private static void Absent(string reason)
    {
        if (Environment.GetEnvironmentVariable("FASTFORWARD_TESTS_COMPLETE") == "1") Assert.Fail(reason);
        Assert.Ignore(reason);
    }
}
