using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Running;

/// <summary>
/// SIGTERM and SIGINT: the first begins a clean stop, a later one ends the process at once with exit code 1. Signals
/// within half a second of the first count as one: timeout(1), terminals and service managers signal a process and its
/// group. SIGHUP begins a clean stop when the terminal of the process was closed; otherwise it reads the instance file
/// again.
/// </summary>
internal sealed partial class StopSignals(
    IHostApplicationLifetime application,
    InstanceReload reload,
    ILogger<StopSignals> logger
) : IHostLifetime, IDisposable
{
    private static readonly TimeSpan s_sameStop = TimeSpan.FromMilliseconds(500);

    private PosixSignalRegistration? _terminate;
    private PosixSignalRegistration? _interrupt;
    private PosixSignalRegistration? _hangUp;
    private ControllingTerminal? _terminal;
    private long _first;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        // Before anything starts: a signal during the start must not leave a socket file behind.
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle);
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle);
        _terminal = new ControllingTerminal();
        _hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, HangUp);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _terminate?.Dispose();
        _interrupt?.Dispose();
        _hangUp?.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true; // by default the runtime ends the process
        long first = Interlocked.CompareExchange(ref _first, Stopwatch.GetTimestamp(), 0);
        if (first != 0)
        {
            if (Stopwatch.GetElapsedTime(first) >= s_sameStop)
                Environment.Exit(ExitCode.Failure);
            return;
        }

        LogSignal(logger, context.Signal);
        application.StopApplication();
    }

    private void HangUp(PosixSignalContext context)
    {
        context.Cancel = true;
        _ = HangUpAsync();
    }

    private async Task HangUpAsync()
    {
        if (!await _terminal!.IsLostAsync().ConfigureAwait(false))
        {
            reload.Run();
            return;
        }

        LogTerminalClosed(logger);
        application.StopApplication();
    }

    [LoggerMessage(EventId = 8101, Level = LogLevel.Information, Message = "{Signal}: stopping")]
    private static partial void LogSignal(ILogger logger, PosixSignal signal);

    [LoggerMessage(EventId = 8109, Level = LogLevel.Information, Message = "The terminal was closed: stopping")]
    private static partial void LogTerminalClosed(ILogger logger);
}
