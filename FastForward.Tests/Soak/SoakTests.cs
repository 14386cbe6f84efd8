using System.Globalization;

namespace FastForward.Tests.Soak;

/// <summary>
/// The memory of two nodes that exchange messages over bad networks does not grow, and nothing is allocated for a
/// message.
/// FASTFORWARD_SOAK_SECONDS lengthens the soak over sockets, FASTFORWARD_SOAK_HOURS the one in virtual time.
/// </summary>
[TestFixture]
[Category("Process")]
[Parallelizable(ParallelScope.All)]
public sealed class SoakTests
{
    // Queues and pools keep the size of their worst moment, which may come late.
    private const long Growth = 256 << 10;
    private const long PerStream = 1024;

    private static long Seconds => Math.Max(Read("FASTFORWARD_SOAK_SECONDS", 60), 60);

    private static long VirtualSeconds => Math.Max(Read("FASTFORWARD_SOAK_HOURS", 0) * 3_600, 1_800);

    [Test]
    public void Over_lossy_sockets_memory_stays_flat_and_a_message_allocates_nothing()
    {
        (List<SoakSample> samples, SoakEnd end) = Run("sockets", Seconds);
        CheckArrivals(end);
        List<SoakSample> warm = samples.FindAll(static sample => sample.Seconds >= SocketSoak.WarmUp);
        CheckFlat(warm);
        SoakSample first = warm[0];
        SoakSample last = warm.FindLast(sample => sample.Seconds <= SocketSoak.EndingUntil(Seconds));
        long ended = last.Ended - first.Ended;
        Assert.That(last.Allocated - first.Allocated, Is.LessThan(ended * PerStream), $"bytes for {ended} streams");
        // The streams that were open then may still have ended.
        first = warm.Find(sample => sample.Seconds > SocketSoak.EndingUntil(Seconds));
        last = warm[^1];
        long messages = last.Sent - first.Sent;
        Assert.That(last.Ended, Is.EqualTo(first.Ended));
        Assert.That(messages, Is.GreaterThan(1_000));
        Assert.That(last.Allocated - first.Allocated, Is.LessThan(messages), $"bytes for {messages} messages");
    }

    [Test]
    public void In_virtual_time_memory_stays_flat()
    {
        (List<SoakSample> samples, SoakEnd end) = Run("virtual", VirtualSeconds);
        CheckArrivals(end);
        CheckFlat(samples.FindAll(static sample => sample.Seconds >= 600));
    }

    private static void CheckArrivals(in SoakEnd end)
    {
        Assert.That(end.FramesLost, Is.GreaterThan(0));
        Assert.That(end.ReliableArrived, Is.EqualTo(end.Reliable));
        Assert.That(end.Late, Is.Zero);
        Assert.That(end.RealTimeArrived + end.Skipped, Is.EqualTo(end.RealTime));
        Assert.That(end.EndsReported, Is.EqualTo(end.Ended));
    }

    private static void CheckFlat(List<SoakSample> warm)
    {
        Assert.That(warm, Has.Count.GreaterThan(5));
        long first = warm.Take(2).Max(static sample => sample.Heap);
        Assert.That(warm[^1].Heap - first, Is.LessThan(Growth), "bytes of the heap");
        Assert.That(warm.Max(static sample => sample.Stored), Is.LessThan(2 << 20), "bytes in the send stores");
    }

    private static (List<SoakSample>, SoakEnd) Run(string kind, long seconds)
    {
        int seed = Environment.TickCount & int.MaxValue;
        using TestProcess process = TestProcess.Start(
            "soak",
            kind,
            seconds.ToString(CultureInfo.InvariantCulture),
            seed.ToString(CultureInfo.InvariantCulture)
        );
        TestContext.Progress.WriteLine($"soak {kind} {seconds} {seed}: seconds, messages, streams, bytes allocated,");
        TestContext.Progress.WriteLine("of the heap, stored, resident; in the end what arrived");
        List<SoakSample> samples = [];
        while (true)
        {
            string line = process.ReadLine();
            TestContext.Progress.WriteLine(line);
            if (line.StartsWith(SoakRun.End, StringComparison.Ordinal))
                return (samples, SoakEnd.Parse(line));
            samples.Add(SoakSample.Parse(line));
        }
    }

    private static long Read(string variable, long standard) =>
        long.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, null, out long value)
            ? value
            : standard;
}
