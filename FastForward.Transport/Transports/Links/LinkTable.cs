using System.Diagnostics.CodeAnalysis;

namespace FastForward.Transport.Transports.Links;

/// <summary>The links of one transport by index.</summary>
internal sealed class LinkTable<TLink>
    where TLink : TransportLink
{
    private readonly Dictionary<uint, TLink> _links = [];

    public int Count => _links.Count;

    public void Add(TLink link) => _links.Add(link.Index, link);

    public void Remove(TLink link) => _links.Remove(link.Index);

    public bool TryFind(uint index, [NotNullWhen(true)] out TLink? link) => _links.TryGetValue(index, out link);

    /// <summary>Closes every link.</summary>
    public void CloseAll(LinkClosure closure)
    {
        foreach (TLink link in _links.Values)
            link.CloseWith(closure); // removed from the table when Closed is delivered
    }
}
