namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>The workloads.</summary>
internal enum WorkloadKind
{
    /// <summary>Round trips, one at a time.</summary>
    Ping,

    /// <summary>Round trips at a fixed rate.</summary>
    Paced,

    /// <summary>One way at a fixed rate over many streams.</summary>
    Voice,

    /// <summary>One way, as fast as possible.</summary>
    Stream,
}
