namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>The cores of the two processes, -1 for any.</summary>
internal readonly record struct Pinning(int Near, int Far)
{
    public static Pinning None => new(-1, -1);

    /// <summary>A core each where there are two.</summary>
    public static Pinning Default =>
        Scheduling.AllowedProcessors is [var near, var far, ..] ? new Pinning(near, far) : None;

    public override string ToString() => Near < 0 ? "not pinned" : $"pinned to cores {Near} and {Far}";
}
