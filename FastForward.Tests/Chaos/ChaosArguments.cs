namespace FastForward.Tests.Chaos;

/// <summary>What a process of a chaos run is told on its command line.</summary>
/// <param name="Directory">Where the sockets and journals are.</param>
/// <param name="Process">The number of the process in the run.</param>
/// <param name="Node">The node id; 0 for the stranger.</param>
/// <param name="Seed">For everything that it draws.</param>
/// <param name="Ports">The UDP ports of all nodes, in the order of <see cref="ChaosTopology.Nodes"/>.</param>
internal sealed record ChaosArguments(string Directory, int Process, uint Node, int Seed, IReadOnlyList<int> Ports)
{
    public static ChaosArguments Parse(string[] words) =>
        new(
            words[0],
            int.Parse(words[1]),
            uint.Parse(words[2]),
            int.Parse(words[3]),
            [.. words[4].Split(',').Select(int.Parse)]
        );

    public string[] ToWords() => [Directory, $"{Process}", $"{Node}", $"{Seed}", string.Join(',', Ports)];

    /// <summary>The sockets and their locks are in a directory of their own: faults remove what is in it.</summary>
    public string Sockets => Path.Combine(Directory, "s");

    public int PortOf(uint node) => Ports[ChaosTopology.IndexOf(node)];
}
