namespace FastForward.Host.Actors;

/// <summary>The sockets of an outlet that serve the bridges of one node, the least recently used one first.</summary>
internal sealed class OutletNode(uint id)
{
    public uint Id => id;

    public LinkedList<OutletClient> Clients { get; } = new();

    /// <summary>The number of the second in which <see cref="Displacements"/> counts.</summary>
    public long Second { get; set; }

    /// <summary>Sockets that made room for others of this node within the second.</summary>
    public int Displacements { get; set; }
}
