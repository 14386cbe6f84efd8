namespace FastForward.Host.Demo;

/// <summary>What the nodes of a demo have to reach one after the other.</summary>
/// <param name="circumstances">Named when they do not reach it in time.</param>
internal sealed class DemoPhases(string circumstances)
{
    /// <summary>Waits until both children reach a point; one that ends before it is a failure.</summary>
    public async Task WaitAsync(
        DemoChild[] children,
        Func<DemoChild, Task> point,
        TimeSpan limit,
        string verb,
        CancellationToken cancellationToken
    )
    {
        Task reached = Task.WhenAll(children.Select(point));
        try
        {
            await Task.WhenAny([reached, .. children.Select(static child => child.Exited)])
                .WaitAsync(limit, cancellationToken)
                .ConfigureAwait(false);
            foreach (DemoChild child in children.Where(child => child.Exited.IsCompleted && !point(child).IsCompleted))
            {
                string reason = child.LastError.Length == 0 ? "" : $": {child.LastError}";
                throw new DemoFailure($"node {child.Node} ended early with exit code {child.ExitCode}{reason}")
                {
                    IsPortTaken = child.ExitCode == ExitCode.Unavailable,
                };
            }

            // One has reached the point and ended in order; the other one may need a moment more.
            await reached.WaitAsync(limit, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            string? last = children
                .Select(static child => child.LastError)
                .FirstOrDefault(static line => line.Length > 0);
            throw new DemoFailure(
                $"the nodes did not {verb} within {limit.TotalSeconds} s"
                    + circumstances
                    + (last is null ? "" : $": {last}")
            );
        }
    }
}
