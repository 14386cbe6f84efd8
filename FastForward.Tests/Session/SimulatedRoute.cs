using FastForward.Transport;

namespace FastForward.Tests.Session;

/// <summary>A way that a simulated node opens to a peer.</summary>
/// <param name="Kind">The medium.</param>
/// <param name="Network">Of datagrams: the network, in which each node has an address of its own.</param>
internal readonly record struct SimulatedRoute(TransportKind Kind, uint Network = 0)
{
    // Nodes have addresses below it.
    private const uint PerNetwork = 100_000;

    // The bits above are a port.
    private const uint AddressBits = 0xFF_FFFF;

    /// <summary>The address of a node in a network.</summary>
    public static uint AddressOf(uint node, uint network) => node + (network * PerNetwork);

    /// <summary>The network of an address.</summary>
    public static uint NetworkOf(uint address) => (address & AddressBits) / PerNetwork;

    /// <summary>The address of the same node in the first network.</summary>
    public static uint NodeOf(uint address) => (address & AddressBits) % PerNetwork;
}
