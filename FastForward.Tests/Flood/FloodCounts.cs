using System.Globalization;
using FastForward.Transport;
using FastForward.Transport.Transports.Ip;

namespace FastForward.Tests.Flood;

/// <summary>What a flooded node has counted, as a line of text.</summary>
/// <param name="Strangers">Datagrams of no link, and of one from elsewhere.</param>
/// <param name="Forged">Frames of the path that its keys have not written.</param>
/// <param name="Replayed">Frames of the path that came before.</param>
/// <param name="ForgedHandshakes">INITs that prove nothing.</param>
/// <param name="Overflowed">Datagrams that the kernel had no room for, the peer's among them.</param>
/// <param name="Changes">Events that tell of another association, another process or another place.</param>
/// <param name="SoundPaths">Paths to the peer that work.</param>
/// <param name="Micros">Processor time of the process.</param>
internal readonly record struct FloodCounts(
    long Strangers,
    long Forged,
    long Replayed,
    long ForgedHandshakes,
    long Overflowed,
    long Changes,
    long SoundPaths,
    long Micros
)
{
    public static string Of(ForwardNode node, IpTransport ip, int changes)
    {
        NodeStatistics now = node.Statistics;
        int paths = node.GetPeer(FloodedNode.Caller)?.Paths.Count(static path => path.State == PathState.Sound) ?? 0;
        return string.Join(
            ' ',
            now.StrangerFrames,
            now.ForgedFrames,
            now.ReplayedFrames + now.TooOldFrames,
            now.ForgedHandshakes,
            ip.Statistics.Datagrams.ReceiveOverflows,
            changes,
            paths,
            (long)Environment.CpuUsage.TotalTime.TotalMicroseconds
        );
    }

    public static FloodCounts Parse(string line)
    {
        long[] values = [.. line.Split(' ').Select(static text => long.Parse(text, CultureInfo.InvariantCulture))];
        return new FloodCounts(values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7]);
    }
}
