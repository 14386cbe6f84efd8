namespace FastForward.Host.Instances;

/// <summary>Which message class a bridge uses for its streams.</summary>
internal enum StreamClassChoice
{
    /// <summary>Reliable where the path supports it, else real-time.</summary>
    Auto,

    /// <summary>Reliable only: where the path does not support it, datagrams are dropped and counted.</summary>
    Reliable,

    /// <summary>Real-time only: nothing above 1100 bytes.</summary>
    RealTime,
}
