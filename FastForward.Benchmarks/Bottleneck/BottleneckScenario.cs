using System.Diagnostics;
using FastForward.Benchmarks.CrossProcess;

namespace FastForward.Benchmarks.Bottleneck;

/// <summary>What passes the bottleneck at the same time.</summary>
internal sealed record BottleneckScenario(string Name, bool HasBulk, bool HasReno, bool HasTcp, int Voices)
{
    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(30);

    public static string[] Names { get; } =
    ["tcp", "reliable", "reliable+tcp", "reno+tcp", "voice", "voice+reliable", "voice+tcp"];

    /// <summary>The scenario of a name: what it names at the same time.</summary>
    public static BottleneckScenario Of(string name, int voices)
    {
        string[] parts = name.Split('+');
        return new BottleneckScenario(
            name,
            parts.Contains("reliable"),
            parts.Contains("reno"),
            parts.Contains("tcp"),
            parts.Contains("voice") ? voices : 0
        );
    }

    public BottleneckFigures Run(int megabits, int roundTripMillis, double warmUpSeconds, double seconds)
    {
        using BottleneckPath path = new(megabits, roundTripMillis);
        using BottleneckNode far = new(isNear: false, HasBulk, Voices);
        using BottleneckNode near = new(isNear: true, HasBulk, Voices);
        Stopwatch connecting = Stopwatch.StartNew();
        while (!near.IsConnected || !far.IsConnected)
        {
            near.ThrowOnFailure();
            far.ThrowOnFailure();
            path.ThrowOnFailure();
            if (connecting.Elapsed > s_connectLimit)
                throw new BenchmarkFailure($"no connection within {s_connectLimit.TotalSeconds} s");
            Thread.Sleep(10);
        }

        using TcpFlow? reno = HasReno ? new TcpFlow(9001, "reno") : null;
        using TcpFlow? tcp = HasTcp ? new TcpFlow(9000, "cubic") : null;
        Thread.Sleep(TimeSpan.FromSeconds(warmUpSeconds));
        far.IsMeasuring = true;
        Stopwatch watch = Stopwatch.StartNew();
        (long bulk, long flow, long passed) = (
            far.BulkBytes + (reno?.Received ?? 0),
            tcp?.Received ?? 0,
            path.PassedBytes
        );
        (long sent, long arrived, long drops) = (near.VoiceMessages, far.VoiceMessages, path.Drops);
        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        double bits = megabits * 1e6 * watch.Elapsed.TotalSeconds / 8;
        (bulk, flow, passed) = (
            far.BulkBytes + (reno?.Received ?? 0) - bulk,
            (tcp?.Received ?? 0) - flow,
            path.PassedBytes - passed
        );
        far.IsMeasuring = false;
        (sent, arrived) = (near.VoiceMessages - sent, far.VoiceMessages - arrived);
        drops = path.Drops - drops;
        near.ThrowOnFailure();
        far.ThrowOnFailure();
        tcp?.ThrowOnFailure();
        reno?.ThrowOnFailure();
        path.ThrowOnFailure();
        near.Dispose();
        far.Dispose();
        return new BottleneckFigures(
            passed / bits,
            bulk / bits,
            flow / bits,
            drops,
            sent,
            arrived,
            Percentile(far.Delays, 50),
            Percentile(far.Delays, 99)
        );
    }

    private static double Percentile(IReadOnlyList<double> values, double percent) =>
        values.Count == 0 ? double.NaN : values[Math.Min((int)(values.Count * percent / 100), values.Count - 1)];
}

/// <summary>Shares are of the rate of the bottleneck.</summary>
/// <param name="Used">Of all packets, with their headers.</param>
/// <param name="Reliable">Of the content of reliable messages, or of a TCP flow with Reno in their place.</param>
/// <param name="Tcp">Of the content of the TCP flow with CUBIC.</param>
/// <param name="Drops">Packets that the queue dropped.</param>
/// <param name="VoiceSent">Voice messages that were sent in the measured time.</param>
/// <param name="VoiceArrived">Voice messages that arrived in it.</param>
/// <param name="DelayMedian">Of the voice messages, from when they were due, in milliseconds.</param>
/// <param name="DelayP99">The same.</param>
internal sealed record BottleneckFigures(
    double Used,
    double Reliable,
    double Tcp,
    long Drops,
    long VoiceSent,
    long VoiceArrived,
    double DelayMedian,
    double DelayP99
);
