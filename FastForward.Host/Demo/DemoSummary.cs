using FastForward.Host.Control;
using FastForward.Transport.Transports.Impairment;
using HdrHistogram;

namespace FastForward.Host.Demo;

/// <summary>Puts the counts of two node processes together.</summary>
internal static class DemoSummary
{
    public static TransportReport Of(string type, DemoNodeReport one, DemoNodeReport two, ImpairmentOptions? impairment)
    {
        long damaged = one.Damaged + two.Damaged;
        long refused = one.Refused + two.Refused + one.EchoesRefused + two.EchoesRefused;
        List<string> faults = [];
        if (damaged > 0)
            faults.Add($"{damaged} damaged");
        if (refused > 0)
            faults.Add($"{refused} refused by the sending node");
        long sent = one.Sent + two.Sent,
            delivered = one.Delivered + two.Delivered;
        LongHistogram roundTrips = RoundTrips(one.RealTime, two.RealTime, one.Reliable, two.Reliable);
        return new TransportReport
        {
            Type = type,
            Available = true,
            Reason = faults.Count == 0 ? null : string.Join(", ", faults),
            Sent = sent,
            Delivered = delivered,
            Lost = sent - delivered,
            Duplicated = one.Duplicated + two.Duplicated,
            Reordered = one.Reordered + two.Reordered,
            RttP50Micros = Micros(roundTrips, 50),
            RttP99Micros = Micros(roundTrips, 99),
            Impairment =
                impairment is not null && one.Impairment is { } first && two.Impairment is { } second
                    ? Of(impairment, one, two, first, second)
                    : null,
        };
    }

    private static ImpairedTraffic Of(
        ImpairmentOptions impairment,
        DemoNodeReport one,
        DemoNodeReport two,
        ImpairmentReport first,
        ImpairmentReport second
    ) =>
        new()
        {
            Settings = impairment.ToString(),
            NetworkRttMinMicros = 2 * impairment.Delay.TotalMicroseconds,
            NetworkRttMaxMicros = 2 * (impairment.Delay + impairment.Jitter).TotalMicroseconds,
            Datagrams = first.Frames + second.Frames,
            DatagramsLost = first.Lost + second.Lost + first.LostInOutages + second.LostInOutages,
            DatagramsOverflowed = first.Overflowed + second.Overflowed,
            DatagramsDuplicated = first.Duplicated + second.Duplicated,
            RealTime = Of(one.RealTime, two.RealTime),
            RealTimeLate = one.Late + two.Late,
            RealTimeSentAgain = one.SentAgain + two.SentAgain,
            RealTimeCopied = one.Copied + two.Copied,
            Reliable = Of(one.Reliable, two.Reliable),
        };

    /// <summary>One class of messages, both ways.</summary>
    public static ImpairedClass Of(DemoNodeClass one, DemoNodeClass two)
    {
        long accepted = one.Accepted + two.Accepted,
            delivered = one.Delivered + two.Delivered;
        LongHistogram roundTrips = RoundTrips(one, two);
        return new ImpairedClass(
            accepted,
            delivered,
            accepted - delivered,
            Micros(roundTrips, 50),
            Micros(roundTrips, 99)
        );
    }

    private static LongHistogram RoundTrips(params ReadOnlySpan<DemoNodeClass> classes)
    {
        LongHistogram roundTrips = new(60_000_000_000, 3);
        foreach (DemoNodeClass one in classes)
        {
            foreach (long[] pair in one.RoundTrips)
                roundTrips.RecordValueWithCount(pair[0], pair[1]);
        }

        return roundTrips;
    }

    private static double Micros(LongHistogram roundTrips, double percentile) =>
        roundTrips.TotalCount > 0 ? Math.Round(roundTrips.GetValueAtPercentile(percentile) / 1000.0, 1) : 0;
}
