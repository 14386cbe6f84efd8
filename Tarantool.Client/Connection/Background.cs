namespace Tarantool.Client.Connection;

/// <summary>
/// Starts what outlives its caller, without the caller's execution context: its activity and its locals are of one
/// request and must neither live on nor mark what is done for others.
/// </summary>
internal static class Background
{
    /// <summary>Runs a loop on the thread pool.</summary>
    public static Task Run(Func<Task> loop) => WithoutContext(() => Task.Run(loop));

    /// <summary>Starts something that captures the execution context, such as a timer.</summary>
    public static T WithoutContext<T>(Func<T> start)
    {
        if (ExecutionContext.IsFlowSuppressed())
            return start();
        using (ExecutionContext.SuppressFlow())
            return start();
    }
}
