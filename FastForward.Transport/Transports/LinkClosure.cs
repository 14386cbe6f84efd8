namespace FastForward.Transport.Transports;

/// <summary>How a link ended.</summary>
/// <param name="Reason">The kind of end.</param>
/// <param name="Error">The errno behind it (errno(3)), 0 when none.</param>
/// <param name="Detail">One sentence for a person; null when the reason says it all.</param>
public readonly record struct LinkClosure(LinkCloseReason Reason, int Error = 0, string? Detail = null)
{
    /// <inheritdoc/>
    public override string ToString() =>
        (Detail, Error) switch
        {
            (not null, _) => $"{Reason}: {Detail}",
            (null, not 0) => $"{Reason}: errno {Error}",
            _ => Reason.ToString(),
        };
}
