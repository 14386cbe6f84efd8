namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>What the far side does with a message. The numbers are those of floor.c.</summary>
internal enum MessageKind : uint
{
    /// <summary>Sends it back.</summary>
    Echo,

    /// <summary>Counts it.</summary>
    Count,

    /// <summary>Counts it and takes the time since it was due.</summary>
    Timed,

    /// <summary>Answers how many came in this phase.</summary>
    End,
}
