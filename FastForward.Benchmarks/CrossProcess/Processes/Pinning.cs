namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>The cores of the two processes; -1 for any core.</summary>
internal readonly record struct Pinning(int Client, int Server)
{
    public static Pinning None => new(-1, -1);

    /// <summary>One core per process if there are at least two.</summary>
    public static Pinning Default =>
        Scheduling.AllowedProcessors is [int client, int server, ..] ? new Pinning(client, server) : None;

    public override string ToString() => Client < 0 ? "not pinned" : $"pinned to cores {Client} and {Server}";
}
