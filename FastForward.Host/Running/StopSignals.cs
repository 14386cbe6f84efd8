using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Running;

/// <summary>
/// SIGTERM and SIGINT: the first begins a clean stop, a later one ends the process at once with exit code 1. Signals
/// within half a second of the first count as one: timeout(1), terminals and service managers signal a process and its
/// group. SIGHUP begins a clean stop when the terminal of the process was closed just now; otherwise it reads the
/// instance file again.
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
        _terminal = new ControllingTerminal(OnOutlived);
        _hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, HangUp);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _terminate?.Dispose();
        _interrupt?.Dispose();
        _hangUp?.Dispose();
        _terminal?.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true; // by default the runtime ends the process
        if (TryBegin(out long first))
        {
            LogSignal(logger, context.Signal);
            application.StopApplication();
        }
        else if (Stopwatch.GetElapsedTime(first) >= s_sameStop)
        {
            Environment.Exit(ExitCode.Failure);
        }
    }

    // The first reason to stop, whichever it is, begins the count.
    private bool TryBegin(out long first)
    {
        first = Interlocked.CompareExchange(ref _first, Stopwatch.GetTimestamp(), 0);
        return first == 0;
    }

    private void HangUp(PosixSignalContext context)
    {
        context.Cancel = true;
        _ = HangUpAsync();
    }

    private async Task HangUpAsync()
    {
        try
        {
            if (!await _terminal!.IsLostAsync().ConfigureAwait(false))
            {
                if (!IsStopping)
                    reload.Run();
            }
            else if (TryBegin(out _))
            {
                LogTerminalClosed(logger);
                application.StopApplication();
            }
        }
#pragma warning disable CA1031 // It is in the log; nothing awaits this.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogHangUpFailed(logger, exception);
        }
    }

    private bool IsStopping =>
        Interlocked.Read(ref _first) != 0 || application.ApplicationStopping.IsCancellationRequested;

    private void OnOutlived()
    {
        if (!IsStopping)
            LogOutlived(logger);
    }

    [LoggerMessage(EventId = 8101, Level = LogLevel.Information, Message = "{Signal}: stopping")]
    private static partial void LogSignal(ILogger logger, PosixSignal signal);

    [LoggerMessage(EventId = 8109, Level = LogLevel.Information, Message = "The terminal was closed: stopping")]
    private static partial void LogTerminalClosed(ILogger logger);

    [LoggerMessage(
        EventId = 8110,
        Level = LogLevel.Information,
        Message = "The terminal is gone and did not end this process: SIGHUP reads the instance file again"
    )]
    private static partial void LogOutlived(ILogger logger);

    [LoggerMessage(EventId = 8112, Level = LogLevel.Error, Message = "SIGHUP: the instance file was not applied")]
    private static partial void LogHangUpFailed(ILogger logger, Exception exception);
}
