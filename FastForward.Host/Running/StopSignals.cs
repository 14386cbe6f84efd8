using System.Runtime.InteropServices;

namespace FastForward.Host.Running;

/// <summary>SIGTERM and SIGINT: the first begins a clean stop, the second ends the process at once with exit code 1.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly Action _stop;
    private readonly Action<string> _heard;
    private readonly PosixSignalRegistration _terminate;
    private readonly PosixSignalRegistration _interrupt;
    private int _count;

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
        if (Interlocked.Increment(ref _count) > 1) Environment.Exit(ExitCode.Failure);
        _heard(context.Signal.ToString());
        _stop();
    }
}
