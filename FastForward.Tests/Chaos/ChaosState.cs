namespace FastForward.Tests.Chaos;

/// <summary>What a process of a node says of itself.</summary>
/// <param name="Connected">Peers.</param>
/// <param name="Unacknowledged">Bytes in the send stores of all peers.</param>
/// <param name="Links">Connected UNIX sockets of frames.</param>
/// <param name="Descriptors">Open files.</param>
/// <param name="Memory">KiB of the managed heap.</param>
/// <param name="StrangerFrames">Datagrams from unknown sources.</param>
/// <param name="Refused">Handshakes.</param>
internal sealed record ChaosState(
    int Connected,
    long Unacknowledged,
    int Links,
    int Descriptors,
    long Memory,
    long StrangerFrames,
    long Refused
)
{
    public static ChaosState Parse(string line)
    {
        long[] figures = [.. line.Split(' ').Select(long.Parse)];
        return new((int)figures[0], figures[1], (int)figures[2], (int)figures[3], figures[4], figures[5], figures[6]);
    }

    public string ToLine() => $"{Connected} {Unacknowledged} {Links} {Descriptors} {Memory} {StrangerFrames} {Refused}";
}
