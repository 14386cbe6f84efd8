namespace FastForward.Tests.Simulation;

/// <summary>What became of many worlds.</summary>
internal sealed class SweepResult
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<ulong, WorldResult> _failed = [];

    public int Worlds { get; private set; }

    public long Events { get; private set; }

    public Mark Marks { get; private set; }

    public TimeSpan Duration { get; set; }

    /// <summary>Those that failed, by their seeds.</summary>
    public SortedDictionary<ulong, WorldResult> Failed => _failed;

    public void Add(ulong seed, in WorldResult result)
    {
        lock (_lock)
        {
            Worlds++;
            Events += result.Events;
            Marks |= result.Marks;
            if (result.Failure != WorldFailure.None)
                _failed.Add(seed, result);
        }
    }

    public override string ToString() =>
        $"{Worlds} worlds, {Events} events in {Duration.TotalSeconds:0.0} s, {_failed.Count} failed";
}
