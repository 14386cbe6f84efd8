using FastForward.Host.Instances;

namespace FastForward.Host.Commands;

/// <summary>Prints everything that is wrong with an instance file.</summary>
internal static class ProblemReport
{
    /// <param name="problems">The problems.</param>
    /// <param name="output">Where to print them.</param>
    /// <param name="consequence">The consequence, for the last line.</param>
    /// <returns>The exit code.</returns>
    public static int Write(
        IReadOnlyList<InstanceProblem> problems,
        TextWriter output,
        string consequence = "The node was not started"
    )
    {
        foreach (InstanceProblem problem in problems)
            output.WriteLine(problem);
        output.WriteLine(
            problems.Count == 1 ? $"{consequence}: 1 problem." : $"{consequence}: {problems.Count} problems."
        );
        return ExitCode.Configuration;
    }
}
