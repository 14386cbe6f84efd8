namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>The phases of a round.</summary>
internal enum Phase : uint
{
    /// <summary>Nothing was sent yet.</summary>
    None,

    /// <summary>The runtime compiles; nothing is recorded.</summary>
    WarmUp,

    /// <summary>What the result is made of.</summary>
    Measurement,
}
