namespace FastForward.Tests.Tarantool;

/// <summary>
/// The time limit of waits in tests. It only prevents hanging tests; it is not an expected duration.
/// </summary>
internal static class Limits
{
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    /// <summary>Waits for a task within the limit.</summary>
    public static Task<T> InTime<T>(this Task<T> task) => task.WaitAsync(Wait);

    /// <summary>Waits for a task within the limit.</summary>
    public static Task InTime(this Task task) => task.WaitAsync(Wait);

    /// <summary>Waits for a task within the limit.</summary>
    public static Task<T> InTime<T>(this ValueTask<T> task) => task.AsTask().WaitAsync(Wait);

    /// <summary>Waits for a task within the limit.</summary>
    public static Task InTime(this ValueTask task) => task.AsTask().WaitAsync(Wait);

    /// <summary>Waits for a task within the limit and asserts that it fails with exactly this type.</summary>
    public static async Task<TException> Fails<TException>(this Task task)
        where TException : Exception => (await Assert.ThrowsAsync<TException>(() => task.InTime()))!;

    /// <summary>Waits until a condition holds, by polling.</summary>
    public static async Task Until(Func<bool> condition, string what)
    {
        using CancellationTokenSource timer = new(Wait);
        while (!condition())
        {
            if (timer.IsCancellationRequested)
                Assert.Fail($"Not reached within {Wait}: {what}.");
            await Task.Delay(5, CancellationToken.None);
        }
    }
}
