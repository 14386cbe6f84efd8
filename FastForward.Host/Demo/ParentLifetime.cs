using Microsoft.Extensions.Hosting;

namespace FastForward.Host.Demo;

/// <summary>Ends a node process of the demo when its parent says so, or has ended.</summary>
internal sealed class ParentLifetime(IHostApplicationLifetime application) : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        Thread input = new(FollowParent) { IsBackground = true, Name = "parent" };
        input.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void FollowParent()
    {
        while (Console.In.ReadLine() is { } line)
        {
            if (line == "stop")
                application.StopApplication();
        }

        Environment.Exit(ExitCode.Failure);
    }
}
