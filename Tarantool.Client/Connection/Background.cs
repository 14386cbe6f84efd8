namespace Tarantool.Client.Connection;

/// <summary>Starts loops that outlive their caller.</summary>
internal static class Background
{
    /// <summary>
    /// Runs a loop on the thread pool without the caller's execution context: its activity and its locals are of one
    /// request and must neither live on nor mark what the loop does for others.
    /// </summary>
    public static Task Run(Func<Task> loop)
    {
        if (ExecutionContext.IsFlowSuppressed())
            return Task.Run(loop);
        using (ExecutionContext.SuppressFlow())
            return Task.Run(loop);
    }
}
