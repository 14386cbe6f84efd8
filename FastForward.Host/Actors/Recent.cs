namespace FastForward.Host.Actors;

/// <summary>An entry of a <see cref="RecencyList{T}"/>.</summary>
internal abstract class Recent
{
    /// <summary>The time of its last use, on the clock of the loop.</summary>
    public TimeSpan LastUsed { get; set; }

    internal Recent? Older { get; set; }

    internal Recent? Newer { get; set; }
}
