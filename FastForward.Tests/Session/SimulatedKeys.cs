using FastForward.Transport.Session.Keys;

namespace FastForward.Tests.Session;

/// <summary>One key of all simulated nodes.</summary>
internal sealed class SimulatedKeys : IKeySource
{
    public const uint Id = 7;

    private static readonly PairKey s_key = new(Id, [.. Enumerable.Range(1, 32).Select(static i => (byte)i)], [1, 2]);

    public static SimulatedKeys Instance { get; } = new();

    public PairKey? Find(uint keyId, uint node, uint other) => keyId == Id ? s_key : null;
}

/// <summary>A node without keys.</summary>
internal sealed class NoKeys : IKeySource
{
    public static NoKeys Instance { get; } = new();

    public PairKey? Find(uint keyId, uint node, uint other) => null;
}
