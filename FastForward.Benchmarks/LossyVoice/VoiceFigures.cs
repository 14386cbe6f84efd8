namespace FastForward.Benchmarks.LossyVoice;

/// <summary>The figures of one round.</summary>
internal sealed record VoiceFigures
{
    /// <summary>Messages that were due within the measured time.</summary>
    public required long Messages { get; init; }

    /// <summary>Messages that were never delivered.</summary>
    public required long Missing { get; init; }

    /// <summary>Messages that were delivered later than least transit and budget permit.</summary>
    public required long Late { get; init; }

    /// <summary>Messages that were delivered after a later one of their stream.</summary>
    public required long Reordered { get; init; }

    /// <summary>Messages that were delivered once more.</summary>
    public required long Duplicated { get; init; }

    /// <summary>Delays of the delivered messages since they were due, in nanoseconds, in ascending order.</summary>
    public required IReadOnlyList<long> Delays { get; init; }

    /// <summary>Missing messages before the measured time, while the implementations learn the path.</summary>
    public required long MissingBefore { get; init; }

    /// <summary>Messages before the measured time.</summary>
    public required long MessagesBefore { get; init; }

    /// <summary>From the client to the server, before the relay.</summary>
    public Traffic Sent { get; init; }

    /// <summary>From the server to the client, before the relay.</summary>
    public Traffic Returned { get; init; }

    /// <summary>
    /// The lengths of the stalls of client, server and relay within the measured time, in nanoseconds.
    /// </summary>
    public IReadOnlyList<long> Stalls { get; init; } = [];

    public double PercentileMillis(double percent) =>
        Delays.Count == 0 ? double.NaN : Delays[Math.Min((int)(Delays.Count * percent / 100), Delays.Count - 1)] / 1e6;

    /// <param name="plan">What the client sent.</param>
    /// <param name="start">The time that the due times count from.</param>
    /// <param name="from">When measuring began.</param>
    /// <param name="limitNanos">Messages that take longer are late.</param>
    /// <param name="deliveries">What the server got, in this order.</param>
    public static VoiceFigures Of(
        VoicePlan plan,
        long start,
        long from,
        long limitNanos,
        IReadOnlyList<Delivery> deliveries
    )
    {
        HashSet<(int, long)> known = [];
        Dictionary<int, long> last = [];
        List<long> delays = [];
        long reordered = 0,
            duplicated = 0,
            before = 0;
        foreach (Delivery one in deliveries)
        {
            if (!known.Add((one.Stream, one.Number)))
            {
                duplicated++;
                continue;
            }

            if (one.Number < last.GetValueOrDefault(one.Stream, -1))
                reordered++;
            else
                last[one.Stream] = one.Number;
            if (one.Due >= from)
                delays.Add(one.Arrival - one.Due);
            else
                before++;
        }

        delays.Sort();
        long messages = 0,
            messagesBefore = 0;
        foreach (long phase in plan.PhaseMicros)
        {
            for (long due = phase; due < plan.DurationMicros; due += VoicePlan.PeriodMicros)
            {
                if (start + (due * 1000) >= from)
                    messages++;
                else
                    messagesBefore++;
            }
        }

        return new VoiceFigures
        {
            Messages = messages,
            Missing = messages - delays.Count,
            Late = delays.Count(delay => delay > limitNanos),
            Reordered = reordered,
            Duplicated = duplicated,
            Delays = delays,
            MessagesBefore = messagesBefore,
            MissingBefore = messagesBefore - before,
        };
    }
}
