namespace FastForward.Host.Demo.Chaos;

/// <summary>The faults of the demo, in their order, over and over.</summary>
internal sealed class ChaosScript
{
    /// <summary>Nothing happens at first: what the pauses of the faults compare with.</summary>
    public const string Nothing = "nothing, to compare";

    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    private readonly ChaosFault[] _faults;
    private int _next;

    /// <param name="nodes">The node processes.</param>
    /// <param name="relay">Between them.</param>
    /// <param name="directory">With their sockets.</param>
    public ChaosScript(DemoChild[] nodes, UdpRelay relay, string directory)
    {
        TimeSpan moves = 1.5 * s_second;
        // A path that was silent has to answer for two seconds until it is trusted again.
        TimeSpan returns = 3 * s_second;
        _faults =
        [
            new ChaosFault("SOCKET connection cut", CutConnection, null, TimeSpan.Zero, moves),
            new ChaosFault("routes: UDP first", () => TellAll(ChaosActor.PreferIp), null, TimeSpan.Zero, moves),
            new ChaosFault("UDP path silent", () => relay.Cut(PathInUse, true), HealAll, s_second, returns),
            new ChaosFault("both UDP paths silent", CutAll, HealAll, s_second, returns),
            new ChaosFault("routes: SOCKET first", () => TellAll(ChaosActor.PreferSocket), null, TimeSpan.Zero, moves),
            new ChaosFault("socket files removed, connection cut", RemoveFiles, null, TimeSpan.Zero, returns),
        ];

        void CutConnection() => nodes[0].Tell(ChaosActor.Cut);

        void CutAll()
        {
            for (int path = 0; path < UdpRelay.Addresses.Count; path++)
                relay.Cut(path, true);
        }

        void HealAll()
        {
            for (int path = 0; path < UdpRelay.Addresses.Count; path++)
                relay.Cut(path, false);
        }

        void RemoveFiles()
        {
            foreach (string file in Directory.GetFiles(directory, "FastForward.*.sock"))
                File.Delete(file);
            CutConnection();
        }

        void TellAll(string command)
        {
            foreach (DemoChild node in nodes)
                node.Tell(command);
        }
    }

    /// <summary>The path over UDP that carries the traffic, or the first one.</summary>
    private int PathInUse { get; set; }

    /// <summary>The fault that comes now.</summary>
    public ChaosFault Present => _faults[_next];

    /// <summary>It is over.</summary>
    public void Advance() => _next = (_next + 1) % _faults.Length;

    /// <summary>Takes note of the path that carries the traffic.</summary>
    public void Follow(string path)
    {
        for (int i = 0; i < UdpRelay.Addresses.Count; i++)
        {
            if (path.EndsWith($" {UdpRelay.Addresses[i]}", StringComparison.Ordinal))
                PathInUse = i;
        }
    }
}
