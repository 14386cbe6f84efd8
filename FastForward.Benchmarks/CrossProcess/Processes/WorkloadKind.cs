namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>What is measured.</summary>
internal enum WorkloadKind
{
    /// <summary>Round trips, one at a time.</summary>
    Ping,

    /// <summary>Round trips at a fixed rate.</summary>
    Paced,

    /// <summary>One way at a fixed rate over many streams.</summary>
    Voice,

    /// <summary>One way as fast as it goes.</summary>
    Stream,
}
