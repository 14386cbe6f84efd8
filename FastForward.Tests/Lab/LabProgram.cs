using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Lab;

/// <summary>Runs a program that configures or inspects the machine; it must succeed.</summary>
internal static class LabProgram
{
    /// <returns>Its standard output.</returns>
    public static string Run(string program, params string[] arguments)
    {
        using RunningProgram running = RunningProgram.Start(program, arguments);
        int code = running.WaitForExit();
        if (code != 0)
            throw new AssertionException(
                $"{program} {string.Join(' ', arguments)} ended with code {code}:\n{running.Everything}"
            );
        return running.Output;
    }
}
