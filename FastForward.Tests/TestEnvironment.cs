namespace FastForward.Tests;

/// <summary>Decides whether tests with missing prerequisites are skipped or fail.</summary>
internal static class TestEnvironment
{
    /// <summary>
    /// Set to 1 by test.sh: missing prerequisites are failures, so that no test is skipped unnoticed.
    /// </summary>
    public static bool MustBeComplete => Environment.GetEnvironmentVariable("FASTFORWARD_TESTS_COMPLETE") == "1";

    /// <summary>
    /// The directory <c>lab</c> of the repository if running in the lab, otherwise null. Set by the lab.
    /// </summary>
    public static string? LabDirectory =>
        Environment.GetEnvironmentVariable("FASTFORWARD_LAB") is { Length: > 0 } directory ? directory : null;

    /// <summary>Skips the current test with <paramref name="reason"/>, or fails it in a complete run.</summary>
    public static void Missing(string reason)
    {
        if (MustBeComplete)
            Assert.Fail($"Missing prerequisite in a complete run: {reason}");
        Assert.Ignore(reason);
    }
}
