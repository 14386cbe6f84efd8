namespace FastForward.Tests;

/// <summary>What to do where the machine lacks something that a test needs.</summary>
internal static class TestEnvironment
{
    /// <summary>Set to 1 by the full test run: there a missing tool is a failure, so that no test is skipped unnoticed.</summary>
    public static bool MustBeComplete => Environment.GetEnvironmentVariable("FASTFORWARD_TESTS_COMPLETE") == "1";

    /// <summary>The directory <c>lab</c> of the repository when this runs in the lab, which says so; else null.</summary>
    public static string? LabDirectory =>
        Environment.GetEnvironmentVariable("FASTFORWARD_LAB") is { Length: > 0 } directory ? directory : null;

    /// <summary>Skips the running test with <paramref name="reason"/>, or fails it in the full run.</summary>
    public static void Missing(string reason)
    {
        if (MustBeComplete)
            Assert.Fail($"This run must be complete, but: {reason}");
        Assert.Ignore(reason);
    }
}
