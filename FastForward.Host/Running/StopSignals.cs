using System.Diagnostics;
using System.Runtime.InteropServices;

namespace FastForward.Host.Running;

/// <summary>
/// SIGTERM and SIGINT: the first begins a clean stop, a later one ends the process at once with exit code 1. Two within
/// half a second are one order: timeout(1), terminals and service managers signal a process and its group.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly Action _stop;
    private readonly Action<string> _heard;
    private readonly PosixSignalRegistration _terminate;
    private readonly PosixSignalRegistration _interrupt;
    private static readonly TimeSpan s_sameOrder = TimeSpan.FromMilliseconds(500);
    private long _first;

    /// <param name="stop">Begins the stop; called on a thread of the runtime.</param>
    /// <param name="heard">Told of the first signal by name.</param>
    public StopSignals(Action stop, Action<string> heard)
    {
        _stop = stop;
        _heard = heard;
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle);
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle);
    }

    public void Dispose()
    {
        _terminate.Dispose();
        _interrupt.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true; // the runtime would end the process
        long first = Interlocked.CompareExchange(ref _first, Stopwatch.GetTimestamp(), 0);
        if (first != 0)
        {
            if (Stopwatch.GetElapsedTime(first) >= s_sameOrder)
                Environment.Exit(ExitCode.Failure);
            return;
        }

        _heard(context.Signal.ToString());
        _stop();
    }
}
