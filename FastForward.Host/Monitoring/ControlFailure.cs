namespace FastForward.Host.Monitoring;

/// <summary>The running host cannot be asked, or refuses. The message is for the operator.</summary>
internal sealed class ControlFailure(string message, int exitCode) : Exception(message)
{
    /// <summary>What the program's exit code says of it.</summary>
    public int ExitCode { get; } = exitCode;
}
