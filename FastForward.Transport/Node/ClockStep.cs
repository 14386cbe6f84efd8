using FastForward.Transport.Loop;

namespace FastForward.Transport.Node;

/// <summary>
/// Notices that the wall clock has moved otherwise than the monotonic one: the only sign in the process that a virtual
/// machine was restored from a snapshot and its clock was set again. Keys and frame numbers may have been used since.
/// </summary>
/// <remarks>It comes when the clock is set, which may be late or never: docs/security.md, "Snapshots".</remarks>
internal sealed class ClockStep
{
    private const long IntervalMicros = 1_000_000;
    private const long LeastMicros = 5_000_000;

    private readonly ForwardLoop _loop;
    private readonly Action _stepped;
    private readonly LoopTimer _timer;
    private long _offset;

    /// <param name="loop">Both clocks.</param>
    /// <param name="stepped">Called on the loop.</param>
    public ClockStep(ForwardLoop loop, Action stepped)
    {
        _loop = loop;
        _stepped = stepped;
        _timer = loop.CreateTimer(Compare);
    }

    /// <summary>Begins, unless it has.</summary>
    public void Start()
    {
        if (_timer.IsSet)
            return;
        _offset = Offset;
        _timer.SetAfter(IntervalMicros);
    }

    public void Stop() => _timer.Cancel();

    private long Offset => (_loop.UtcNow.UtcTicks / TimeSpan.TicksPerMicrosecond) - _loop.NowMicros;

    private void Compare()
    {
        long offset = Offset;
        bool isStep = Math.Abs(offset - _offset) >= LeastMicros;
        _offset = offset;
        _timer.SetAfter(IntervalMicros);
        if (isStep)
            _stepped();
    }
}
