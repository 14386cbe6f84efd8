namespace FastForward.Benchmarks.LossyVoice;

/// <summary>Times of more than 50 ms in which a loop did not run. All times are in nanoseconds.</summary>
internal sealed class Stalls
{
    public const long Least = 50_000_000;

    private readonly List<(long End, long Length)> _all = [];

    public void Add(long end, long length)
    {
        if (length > Least)
            _all.Add((end, length));
    }

    public void Add(Stalls others) => _all.AddRange(others._all);

    /// <summary>Only those that ended after a time.</summary>
    public IEnumerable<long> After(long from) =>
        _all.Where(stall => stall.End > from).Select(static stall => stall.Length);

    /// <summary>The lines in which a process reports them.</summary>
    public IEnumerable<string> Lines =>
        [.. _all.Select(static stall => FormattableString.Invariant($"stall {stall.End} {stall.Length}")), "end"];
}
