using FastForward.Transport.Interop;
using FastForward.Transport.Loop;

namespace FastForward.Tests.Loop;

/// <summary>
/// A source controlled by the test, which counts its calls. If signalled, its descriptor is an eventfd.
/// </summary>
internal sealed unsafe class ScriptedSource : ILoopSource, IDisposable
{
    private readonly Descriptor? _event;

    public ScriptedSource(bool withSignal = false)
    {
        if (withSignal)
            _event = new Descriptor(LibC.EventFd(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK));
    }

    public int Descriptor => _event?.Number ?? -1;

    /// <summary>Receives the budget and returns the work done. Default: counts and clears the signal.</summary>
    public Func<int, int>? WhenPolled { get; set; }

    public Func<bool>? WhenArmed { get; set; }

    public Action? WhenDisarmed { get; set; }

    public int Polls { get; private set; }

    public int Arms { get; private set; }

    public int Disarms { get; private set; }

    public int Signals { get; private set; }

    public void Signal()
    {
        ulong one = 1;
        LibC.Write(_event!, &one, sizeof(ulong));
    }

    public int Poll(int budget)
    {
        Polls++;
        if (WhenPolled is not null)
            return WhenPolled(budget);
        if (_event is null)
            return 0;
        ulong count = 0;
        if (LibC.Read(_event, &count, sizeof(ulong)) < 0)
            return 0;
        Signals += (int)count;
        return (int)count;
    }

    public bool Arm()
    {
        Arms++;
        return WhenArmed?.Invoke() ?? false;
    }

    public void Disarm()
    {
        Disarms++;
        WhenDisarmed?.Invoke();
    }

    public void Dispose() => _event?.Dispose();
}
