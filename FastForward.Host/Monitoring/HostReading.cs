using FastForward.Host.Control;

namespace FastForward.Host.Monitoring;

/// <summary>What a host reported, or why it did not.</summary>
internal sealed record HostReading(ControlTarget Target, NodeReport? Report, ControlFailure? Failure)
{
    /// <summary>Asks several hosts at the same time.</summary>
    /// <exception cref="ControlFailure">None of them reported.</exception>
    public static async Task<IReadOnlyList<HostReading>> TakeAsync(
        IReadOnlyList<ControlTarget> targets,
        CancellationToken stop
    )
    {
        HostReading[] readings = await Task.WhenAll(targets.Select(target => TakeAsync(target, stop)))
            .ConfigureAwait(false);
        return Array.Exists(readings, static reading => reading.Report is not null)
            ? readings
            : throw readings[0].Failure!;
    }

    /// <summary>Asks one host.</summary>
    public static async Task<HostReading> TakeAsync(ControlTarget target, CancellationToken stop)
    {
        try
        {
            return new HostReading(target, await target.StatAsync(stop).ConfigureAwait(false), null);
        }
        catch (ControlFailure failure)
        {
            return new HostReading(target, null, failure);
        }
    }
}
