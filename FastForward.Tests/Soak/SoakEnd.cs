using System.Globalization;

namespace FastForward.Tests.Soak;

/// <summary>What arrived in a soak by its end.</summary>
internal readonly record struct SoakEnd(
    long Reliable,
    long ReliableArrived,
    long RealTime,
    long RealTimeArrived,
    long Late,
    long Skipped,
    long Ended,
    long EndsReported,
    long FramesLost
)
{
    public static SoakEnd Parse(string line)
    {
        long[] parts =
        [
            .. line[SoakRun.End.Length..]
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(static part => long.Parse(part, CultureInfo.InvariantCulture)),
        ];
        return new SoakEnd(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6], parts[7], parts[8]);
    }

    public string ToLine() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{SoakRun.End} {Reliable} {ReliableArrived} {RealTime} {RealTimeArrived} {Late} {Skipped} {Ended} "
                + $"{EndsReported} {FramesLost}"
        );
}
