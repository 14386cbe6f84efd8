namespace FastForward.Tests.Chaos;

/// <summary>What a process of a node says of itself.</summary>
/// <param name="Connected">Peers.</param>
/// <param name="Unacknowledged">Bytes in the send stores of all peers.</param>
/// <param name="Links">Connected UNIX sockets of frames.</param>
/// <param name="Descriptors">Open files.</param>
/// <param name="Memory">KiB of the managed heap.</param>
/// <param name="StrangerFrames">Datagrams from unknown sources.</param>
/// <param name="Refused">Handshakes.</param>
/// <param name="Usable">Paths that are not suspect.</param>
/// <param name="OnFirst">Peers to which messages take the path of the first row.</param>
/// <param name="Sent">Messages to peers.</param>
/// <param name="Received">Messages of peers.</param>
/// <param name="Late">Real-time messages of peers that came too late.</param>
/// <param name="Skipped">Real-time messages of peers that did not come.</param>
/// <param name="Undelivered">Messages to peers that were reported.</param>
internal sealed record ChaosState(
    int Connected,
    long Unacknowledged,
    int Links,
    int Descriptors,
    long Memory,
    long StrangerFrames,
    long Refused,
    int Usable,
    int OnFirst,
    long Sent,
    long Received,
    long Late,
    long Skipped,
    long Undelivered
)
{
    public static ChaosState Parse(string line)
    {
        long[] figures = [.. line.Split(' ').Select(long.Parse)];
        return new(
            (int)figures[0],
            figures[1],
            (int)figures[2],
            (int)figures[3],
            figures[4],
            figures[5],
            figures[6],
            (int)figures[7],
            (int)figures[8],
            figures[9],
            figures[10],
            figures[11],
            figures[12],
            figures[13]
        );
    }

    public string ToLine() =>
        $"{Connected} {Unacknowledged} {Links} {Descriptors} {Memory} {StrangerFrames} {Refused} "
        + $"{Usable} {OnFirst} {Sent} {Received} {Late} {Skipped} {Undelivered}";
}
