namespace FastForward.Transport.Transports;

/// <summary>How a link ended.</summary>
/// <param name="Reason">Why it closed.</param>
/// <param name="Error">The errno of the failure (errno(3)); 0 when there is none.</param>
/// <param name="Detail">One readable sentence; null when the reason is sufficient.</param>
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
