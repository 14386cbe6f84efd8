namespace FastForward.Benchmarks.CrossProcess;

/// <summary>The exit codes of the tool.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>A measurement failed: a process crashed, hung or could not be started.</summary>
    public const int Failure = 1;

    /// <summary>The command line is invalid.</summary>
    public const int Usage = 2;

    /// <summary>Interrupted by SIGINT or SIGTERM: 128 + SIGINT, as in shells.</summary>
    public const int Interrupted = 130;
}
