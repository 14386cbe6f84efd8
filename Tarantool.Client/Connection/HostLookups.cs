using System.Net;
using System.Net.Sockets;

namespace Tarantool.Client.Connection;

/// <summary>
/// Looks up host names, for all clients of the process, each on a thread of its own: the system's resolver blocks for
/// 10 s and more while a name server is silent and cannot be interrupted, which must not take threads of the pool. A
/// name is looked up once at a time. Thread-safe.
/// </summary>
internal static class HostLookups
{
    private const int MaxRunning = 32;
    private const int StackBytes = 512 * 1024;

    private static readonly Lock s_gate = new();
    private static readonly Dictionary<string, Task<IPAddress[]>> s_running = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="SocketException">There is no such host, or the resolver does not answer.</exception>
    /// <exception cref="IOException">Too many other lookups are running, or no thread can be started.</exception>
    public static Task<IPAddress[]> FindAsync(string host, CancellationToken cancellationToken)
    {
        lock (s_gate)
        {
            if (s_running.TryGetValue(host, out Task<IPAddress[]>? running))
                return running.WaitAsync(cancellationToken);
            if (s_running.Count >= MaxRunning)
                throw new IOException($"The resolver has not answered {MaxRunning} earlier lookups.");
            TaskCompletionSource<IPAddress[]> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
            s_running.Add(host, result.Task);
            try
            {
                Background.WithoutContext(() =>
                {
                    new Thread(() => Run(host, result), StackBytes)
                    {
                        IsBackground = true,
                        Name = "Tarantool lookup",
                    }.Start();
                    return true;
                });
            }
            catch (Exception exception)
            {
                // At a limit of threads or memory.
                s_running.Remove(host);
                throw new IOException($"No thread can be started for the lookup: {exception.Message}", exception);
            }

            return result.Task.WaitAsync(cancellationToken);
        }
    }

    private static void Run(string host, TaskCompletionSource<IPAddress[]> result)
    {
        IPAddress[]? addresses = null;
        Exception? failure = null;
        try
        {
            addresses = Dns.GetHostAddresses(host);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        lock (s_gate)
            s_running.Remove(host);
        if (addresses is not null)
        {
            result.SetResult(addresses);
            return;
        }

        result.SetException(failure!);
        _ = result.Task.Exception; // all who waited may have given up
    }
}
