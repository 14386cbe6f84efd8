using FastForward.Host.Instances;

namespace FastForward.Host.Commands;

/// <summary>Tells everything that is wrong with an instance file.</summary>
internal static class InstanceComplaint
{
    /// <returns>The exit code.</returns>
    public static int Write(IReadOnlyList<InstanceProblem> problems, TextWriter output)
    {
        foreach (InstanceProblem problem in problems) output.WriteLine(problem);
        output.WriteLine(problems.Count == 1 ? "The node was not started: 1 problem." : $"The node was not started: {problems.Count} problems.");
        return ExitCode.Configuration;
    }
}
