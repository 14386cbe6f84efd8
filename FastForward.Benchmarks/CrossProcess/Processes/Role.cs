namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>Which of the two processes.</summary>
internal enum Role
{
    /// <summary>Sends and measures.</summary>
    Near,

    /// <summary>Echoes and counts.</summary>
    Far,
}
