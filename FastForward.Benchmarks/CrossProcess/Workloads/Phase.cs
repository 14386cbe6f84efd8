namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>The phases of a round.</summary>
internal enum Phase : uint
{
    /// <summary>Before the first message.</summary>
    None,

    /// <summary>JIT compilation; nothing is recorded.</summary>
    WarmUp,

    /// <summary>Recorded in the result.</summary>
    Measurement,
}
