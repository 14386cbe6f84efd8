namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>What the server does with a message. The values are those in floor.c.</summary>
internal enum MessageKind : uint
{
    /// <summary>Sends it back.</summary>
    Echo,

    /// <summary>Counts it.</summary>
    Count,

    /// <summary>Counts it and records the time since it was due.</summary>
    Timed,

    /// <summary>Replies with the number of messages received in this phase.</summary>
    End,
}
