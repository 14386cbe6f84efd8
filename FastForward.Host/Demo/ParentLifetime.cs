using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;

namespace FastForward.Host.Demo;

/// <summary>
/// Ends a node process of the demo in order when its parent says so, or has ended, and at SIGTERM. What a terminal
/// sends (SIGINT, SIGHUP) goes to the parent as well, which decides.
/// </summary>
internal sealed class ParentLifetime(IHostApplicationLifetime application) : IHostLifetime, IDisposable
{
    private PosixSignalRegistration? _interrupt;
    private PosixSignalRegistration? _hangUp;
    private PosixSignalRegistration? _terminate;

    /// <summary>The parent has ended, or wants no result: its end of the input is closed.</summary>
    public bool IsParentGone { get; private set; }

    /// <summary>Takes other lines, on the thread that reads them. Set before the start.</summary>
    public Action<string>? OnCommand { get; set; }

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ignore);
        _hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Ignore);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Terminate);
        Thread input = new(FollowParent) { IsBackground = true, Name = "parent" };
        input.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _interrupt?.Dispose();
        _hangUp?.Dispose();
        _terminate?.Dispose();
    }

    private static void Ignore(PosixSignalContext context) => context.Cancel = true;

    private void Terminate(PosixSignalContext context)
    {
        context.Cancel = true;
        application.StopApplication();
    }

    private void FollowParent()
    {
        while (Console.In.ReadLine() is { } line)
        {
            if (line == "stop")
                application.StopApplication();
            else
                OnCommand?.Invoke(line);
        }

        IsParentGone = true;
        application.StopApplication();
    }
}
