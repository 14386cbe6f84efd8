namespace FastForward.Tests.Chaos;

/// <summary>What a process of a chaos run is told on its command line.</summary>
/// <param name="Directory">Where the sockets and journals are.</param>
/// <param name="Process">The number of the process in the run.</param>
/// <param name="Node">The node id; 0 for the stranger.</param>
/// <param name="Seed">For everything that it draws.</param>
/// <param name="Ports">
/// The UDP ports of all nodes, in the order of <see cref="ChaosTopology.Nodes"/>, and those of the relays.
/// </param>
/// <param name="IsCalm">
/// It begins to send when it is told to, resets no stream, and reads as fast as messages come: all of them arrive.
/// </param>
/// <param name="HasNetworks">The nodes are those of <see cref="ChaosNetworks"/>.</param>
/// <param name="Registry">The address of a registry, whose rows come first; empty for none.</param>
internal sealed record ChaosArguments(
    string Directory,
    int Process,
    uint Node,
    int Seed,
    IReadOnlyList<int> Ports,
    bool IsCalm,
    bool HasNetworks = false,
    string Registry = ""
)
{
    public static ChaosArguments Parse(string[] words) =>
        new(
            words[0],
            int.Parse(words[1]),
            uint.Parse(words[2]),
            int.Parse(words[3]),
            [.. words[4].Split(',').Select(int.Parse)],
            bool.Parse(words[5]),
            bool.Parse(words[6]),
            words[7]
        );

    public string[] ToWords() =>
        [
            Directory,
            $"{Process}",
            $"{Node}",
            $"{Seed}",
            string.Join(',', Ports),
            $"{IsCalm}",
            $"{HasNetworks}",
            Registry,
        ];

    /// <summary>The sockets and their locks are in a directory of their own: faults remove what is in it.</summary>
    public string Sockets => Path.Combine(Directory, "s");

    public int PortOf(uint node) => Ports[ChaosTopology.IndexOf(node)];

    public int RelayPort(uint node, uint peer) => Ports[ChaosTopology.RelayIndex(node, peer)];
}
