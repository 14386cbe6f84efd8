namespace FastForward.Host.Actors;

/// <summary>Something that is forgotten when it has not been used for long: a link of a <see cref="RecencyList{T}"/>.</summary>
internal abstract class Recent
{
    /// <summary>When it was used last, in microseconds of the loop's clock.</summary>
    public long LastUsed { get; set; }

    internal Recent? Older { get; set; }

    internal Recent? Newer { get; set; }
}
