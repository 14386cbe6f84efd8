using System.Globalization;
using System.Runtime.InteropServices;

namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>Scheduler settings of the kernel: CPU affinity, timer slack, CPU time.</summary>
internal static unsafe partial class Scheduling
{
    private const int MaxProcessors = 1024;
    private const int PR_SET_TIMERSLACK = 29;
    private const int CLOCK_MONOTONIC = 1;
    private const int TIMER_ABSTIME = 1;
    private const int CpuClockScheduler = 2; // CPUCLOCK_SCHED of Linux; see clock_getcpuclockid(3)
    private static readonly int[] s_allowed = ReadAllowed();

    /// <summary>The cores this process may use.</summary>
    public static IReadOnlyList<int> AllowedProcessors => s_allowed;

    /// <summary>Pins the calling thread, and threads it starts later, to one core.</summary>
    public static void Pin(int processor)
    {
        if (!SetAffinity([processor]))
            throw new BenchmarkFailure(
                $"sched_setaffinity: cannot pin to core {processor}: {Marshal.GetLastPInvokeErrorMessage()}"
            );
    }

    /// <summary>Lets the calling thread use all cores of the process again.</summary>
    public static void Unpin() => SetAffinity(s_allowed);

    /// <summary>Sets the timer slack of the calling thread to 1 ns; the default is 50 us.</summary>
    public static void SetTimerSlack() => ProcessControl(PR_SET_TIMERSLACK, 1, 0, 0, 0);

    /// <summary>The CPU time of all threads of a process in nanoseconds; null if it has exited.</summary>
    public static long? ProcessorTime(int process)
    {
        long* time = stackalloc long[2];
        return GetTime((~process << 3) | CpuClockScheduler, time) == 0 ? (time[0] * 1_000_000_000) + time[1] : null;
    }

    /// <summary>Sleeps until a time of CLOCK_MONOTONIC in nanoseconds, or a signal.</summary>
    public static void SleepUntil(long nanos)
    {
        long* time = stackalloc long[2] { nanos / 1_000_000_000, nanos % 1_000_000_000 };
        _ = Sleep(CLOCK_MONOTONIC, TIMER_ABSTIME, time, null); // may return early; the caller checks the time
    }

    private static bool SetAffinity(ReadOnlySpan<int> processors)
    {
        Span<byte> mask = stackalloc byte[MaxProcessors / 8];
        mask.Clear();
        foreach (int processor in processors)
            mask[processor / 8] |= (byte)(1 << (processor % 8));
        fixed (byte* bits = mask)
            return SetAffinity(0, (nuint)mask.Length, bits) == 0;
    }

    private static int[] ReadAllowed()
    {
        const string Key = "Cpus_allowed_list:";
        string? line = File.ReadLines("/proc/self/status")
            .FirstOrDefault(static line => line.StartsWith(Key, StringComparison.Ordinal));
        if (line is null)
            return [];
        return
        [
            .. line[Key.Length..]
                .Trim()
                .Split(',')
                .SelectMany(static range =>
                {
                    int[] ends =
                    [
                        .. range.Split('-').Select(static text => int.Parse(text, CultureInfo.InvariantCulture)),
                    ];
                    return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
                })
                .Where(static processor => processor < MaxProcessors),
        ];
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nuint length, byte* mask);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int ProcessControl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    private static partial int Sleep(int clock, int flags, long* time, long* left);

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int GetTime(int clock, long* time);
}
