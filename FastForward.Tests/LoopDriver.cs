using System.Diagnostics;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports;

namespace FastForward.Tests;

/// <summary>
/// A <see cref="ForwardLoop"/> driven by the test: runs duty cycles until a condition holds, sleeping on the loop's
/// descriptors between cycles, up to a time limit.
/// </summary>
internal sealed class LoopDriver : IDisposable
{
    /// <summary>The time limit of every wait in tests.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private const long NapMicros = 2_000;
    private readonly List<IForwardTransport> _transports = [];

    public LoopDriver(TimeProvider? time = null) =>
        Loop = new ForwardLoop(new ForwardLoopOptions { Idle = IdleStrategy.Block, FailFast = true }, time);

    public ForwardLoop Loop { get; }

    /// <summary>Attaches a started transport: polls it and flushes it after each cycle.</summary>
    public void Attach(IForwardTransport transport)
    {
        Loop.Add(transport);
        _transports.Add(transport);
    }

    /// <summary>Detaches it, to simulate a process that is not scheduled.</summary>
    public void Detach(IForwardTransport transport)
    {
        Loop.Remove(transport);
        _transports.Remove(transport);
    }

    /// <summary>One duty cycle with a flush.</summary>
    public int Cycle()
    {
        int work = Loop.DoWork();
        for (int i = 0; i < _transports.Count; i++)
            _transports[i].Flush();
        return work;
    }

    /// <summary>Runs cycles until <paramref name="condition"/> holds; fails after <see cref="Limit"/>.</summary>
    public void Until(Func<bool> condition, string what)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Cycle() == 0)
                Loop.Sleep(NapMicros);
            if (Stopwatch.GetElapsedTime(start) > Limit)
                throw new AssertionException(
                    $"Not reached within {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s: {what}"
                );
        }
    }

    /// <summary>
    /// Runs cycles until <paramref name="quietCycles"/> in a row had no work. For asserting that something does not
    /// happen, on media where it would have happened by then.
    /// </summary>
    public void UntilQuiet(int quietCycles = 50)
    {
        int quiet = 0;
        Until(
            () =>
            {
                quiet = Cycle() == 0 ? quiet + 1 : 0;
                return quiet >= quietCycles;
            },
            "quiet"
        );
    }

    public void Dispose() => Loop.Dispose();
}
