using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Lab;

/// <summary>A program that sets something up or tells something about the machine, and must succeed.</summary>
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
