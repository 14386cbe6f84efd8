namespace FastForward.Host.Actors;

/// <summary>The sockets of an outlet that serve the bridges of one node, the least recently used one first.</summary>
internal sealed class OutletNode(uint id)
{
    /// <summary>Sockets that made room for others of this node.</summary>
    public SecondCount Displacements;

    public uint Id => id;

    public LinkedList<OutletClient> Clients { get; } = new();
}
