namespace FastForward.Host.Instances;

/// <summary>One thing that is wrong in an instance file.</summary>
/// <param name="File">The file as the operator named it.</param>
/// <param name="Line">The line, from 1; 0 when the problem has no line of its own.</param>
/// <param name="Key">Where: <c>key</c> at the top, <c>section:key</c> below; empty for the file as a whole.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="Example">A correct line; null when there is none to show.</param>
internal sealed record InstanceProblem(string File, int Line, string Key, string Reason, string? Example = null)
{
    /// <summary>The problem in one line, with the place in the form that editors understand.</summary>
    public override string ToString() =>
        VisibleText.Of(
            File
                + (Line > 0 ? $":{Line}" : "")
                + (Key.Length > 0 ? $": {Key}" : "")
                + $": {Reason}"
                + (Example is null ? "" : $"; for example: {Example}")
        );
}
