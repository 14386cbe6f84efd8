namespace FastForward.Transport;

/// <summary>A node that was heard but has no route. It was not answered.</summary>
public sealed class UnconfiguredNode
{
    internal UnconfiguredNode(uint node, TransportKind transport, long handshakes, TimeSpan lastHeard)
    {
        Node = node;
        Transport = transport;
        Handshakes = handshakes;
        LastHeard = lastHeard;
    }

    /// <summary>The id that it claims, which is not verified.</summary>
    public uint Node { get; }

    /// <summary>The medium over which it came last.</summary>
    public TransportKind Transport { get; }

    /// <summary>The number of its handshakes.</summary>
    public long Handshakes { get; }

    /// <summary>Time since the last one.</summary>
    public TimeSpan LastHeard { get; }
}
