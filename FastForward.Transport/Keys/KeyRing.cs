namespace FastForward.Transport.Keys;

/// <summary>The keys of a node, in copies of its own. Used by the thread of its loop.</summary>
internal sealed class KeyRing : IDisposable
{
    private readonly uint _node;
    private Dictionary<uint, ForwardKey> _keys;

    /// <param name="node">The node's own id.</param>
    /// <param name="keys">Its keys, without problems; the caller may dispose of them.</param>
    public KeyRing(uint node, IReadOnlyList<ForwardKey> keys)
    {
        _node = node;
        _keys = Copy(keys);
    }

    /// <summary>The key of an id; null when there is none. Valid until the next <see cref="TakeFrom"/>.</summary>
    public ForwardKey? Find(uint id) => _keys.GetValueOrDefault(id);

    /// <summary>Takes the keys of another ring, which has none then, and overwrites those that it had.</summary>
    public void TakeFrom(KeyRing other)
    {
        Free(_keys);
        _keys = other._keys;
        other._keys = [];
    }

    /// <summary>What is allowed and not as safe as it should be, each in a sentence.</summary>
    public IEnumerable<string> FindWarnings()
    {
        foreach (ForwardKey key in _keys.Values.OrderBy(static key => key.Id))
        {
            if (!key.IsFor(_node))
            {
                yield return $"Key {key.Id} is of no use here: it is for the nodes {string.Join(", ", key.Nodes)}, and "
                    + $"this is node {_node}. Keep a key only where its nodes are.";
            }
            else if (key.Nodes.Count > 2)
            {
                IEnumerable<uint> remotes = key.Nodes.Where(remote => remote != _node);
                yield return $"Key {key.Id} serves several remote nodes ({string.Join(", ", remotes)}): each of them "
                    + "can claim to be another one. Make a key for each pair of nodes.";
            }
        }
    }

    public void Dispose() => Free(_keys);

    /// <summary>What is wrong with keys that are to be used together.</summary>
    public static IEnumerable<string> FindProblems(IReadOnlyList<ForwardKey> keys) =>
        keys.GroupBy(static key => key.Id)
            .Where(static same => same.Count() > 1)
            .Select(static same =>
                $"the id {same.Key} is that of {same.Count()} keys; give each key an id of its own."
            );

    private static Dictionary<uint, ForwardKey> Copy(IReadOnlyList<ForwardKey> keys) =>
        keys.ToDictionary(static key => key.Id, static key => key.Copy());

    private static void Free(Dictionary<uint, ForwardKey> keys)
    {
        foreach (ForwardKey key in keys.Values)
            key.Dispose();
    }
}
