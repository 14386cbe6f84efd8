using FastForward.Host.Control;

namespace FastForward.Host.Monitoring;

/// <summary>What a host reported, or why it did not.</summary>
internal sealed record HostReading(ControlTarget Target, NodeReport? Report, ControlFailure? Failure)
{
    /// <summary>Asks several hosts at the same time. One that does not report has its failure in its reading.</summary>
    public static Task<HostReading[]> TakeAllAsync(IReadOnlyList<ControlTarget> targets, CancellationToken stop) =>
        Task.WhenAll(targets.Select(target => TakeAsync(target, stop)));

    private static async Task<HostReading> TakeAsync(ControlTarget target, CancellationToken stop)
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
