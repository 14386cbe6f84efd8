namespace Tarantool.Client.Connection;

/// <summary>
/// Starts work that outlives its caller, without the caller's execution context. The caller's activity and async locals
/// belong to one request; they must not be kept alive by, or attributed to, work done for other requests.
/// </summary>
internal static class Background
{
    /// <summary>Runs a loop on the thread pool.</summary>
    public static Task Run(Func<Task> loop) => WithoutContext(() => Task.Run(loop));

    /// <summary>Creates an object that would capture the execution context, such as a timer.</summary>
    public static T WithoutContext<T>(Func<T> start)
    {
        if (ExecutionContext.IsFlowSuppressed())
            return start();
        using (ExecutionContext.SuppressFlow())
            return start();
    }
}
