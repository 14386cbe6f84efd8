using System.Globalization;

namespace FastForward.Tests.Soak;

/// <summary>What two nodes have used by a moment of a soak.</summary>
/// <param name="Seconds">Since its begin.</param>
/// <param name="Sent">Messages that were accepted.</param>
/// <param name="Ended">Streams that were ended.</param>
/// <param name="Allocated">Bytes that were allocated, those for taking samples apart.</param>
/// <param name="Heap">Bytes of the managed heap after a collection.</param>
/// <param name="Stored">Bytes in the send stores of both nodes.</param>
/// <param name="Resident">Bytes of the process in memory.</param>
internal readonly record struct SoakSample(
    long Seconds,
    long Sent,
    long Ended,
    long Allocated,
    long Heap,
    long Stored,
    long Resident
)
{
    public static SoakSample Parse(string line)
    {
        long[] parts = [.. line.Split(' ').Select(static part => long.Parse(part, CultureInfo.InvariantCulture))];
        return new SoakSample(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6]);
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Seconds} {Sent} {Ended} {Allocated} {Heap} {Stored} {Resident}");
}
