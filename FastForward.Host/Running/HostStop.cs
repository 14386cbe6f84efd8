using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FastForward.Host.Running;

/// <summary>Whether and when a host was asked to stop.</summary>
internal static class HostStop
{
    public static bool IsStopping(this IHost host) => Stopping(host).IsCancellationRequested;

    /// <summary>Waits for the request; stopping is up to the caller.</summary>
    public static async Task WaitForStopAsync(this IHost host)
    {
        TaskCompletionSource stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = Stopping(host).Register(stopping.SetResult);
        await stopping.Task.ConfigureAwait(false);
    }

    private static CancellationToken Stopping(IHost host) =>
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
}
