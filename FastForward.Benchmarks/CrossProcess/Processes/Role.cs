namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>The role of a process in a round.</summary>
internal enum Role
{
    /// <summary>Sends and measures.</summary>
    Client,

    /// <summary>Echoes and counts.</summary>
    Server,
}
