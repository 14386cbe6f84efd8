using System.Globalization;
using System.Security.Cryptography;
using FastForward.Transport.Session.Keys;

namespace FastForward.Transport.Node;

/// <summary>The keys of a node as they are now, in copies of its own.</summary>
internal sealed class NodeKeys : IKeySource, IDisposable
{
    private readonly uint _node;
    private IReadOnlyList<PairKey> _keys; // in the order of the file
    private Dictionary<uint, PairKey> _byId;

    /// <param name="node">The node's own id.</param>
    /// <param name="keys">Its keys, without problems; the caller may dispose of them.</param>
    public NodeKeys(uint node, IReadOnlyList<ForwardKey> keys)
    {
        _node = node;
        _keys = Copy(keys);
        _byId = ById(_keys);
    }

    public bool IsEmpty => _keys.Count == 0;

    /// <summary>Keys for <see cref="Replace"/>.</summary>
    public static IReadOnlyList<PairKey> Copy(IReadOnlyList<ForwardKey> keys) =>
        [.. keys.Select(static key => new PairKey(key.Id, key.Secret, key.Nodes))];

    /// <summary>Takes other keys, and returns those that it had, of which the caller disposes.</summary>
    public IReadOnlyList<PairKey> Replace(IReadOnlyList<PairKey> keys)
    {
        IReadOnlyList<PairKey> before = _keys;
        _keys = keys;
        _byId = ById(keys);
        return before;
    }

    public PairKey? Find(uint keyId, uint node, uint other) =>
        _byId.TryGetValue(keyId, out PairKey? key) && key.Joins(node, other) ? key : null;

    /// <summary>Whether a key is the same as in an earlier list.</summary>
    public bool IsSame(IReadOnlyList<PairKey> before, uint keyId, uint peer) =>
        Find(keyId, _node, peer) is { } key
        && before.FirstOrDefault(former => former.Id == keyId && former.Joins(_node, peer)) is { } former
        && CryptographicOperations.FixedTimeEquals(key.Secret, former.Secret);

    /// <summary>The key to prove to a peer; 0 for none.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="demanded">The one that its rows name; 0 for none.</param>
    /// <param name="isRequired">It needs one whatever its rows say: the last one for it.</param>
    public uint Choose(uint peer, uint demanded, bool isRequired)
    {
        if (demanded != 0 || !isRequired)
            return demanded;
        for (int i = _keys.Count - 1; i >= 0; i--)
        {
            if (_keys[i].Joins(_node, peer))
                return _keys[i].Id;
        }

        return 0;
    }

    /// <summary>Why no handshake with the peer can succeed, as a text; null when one can.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="keyId">What <see cref="Choose"/> has said.</param>
    /// <param name="isRequired">It needs a key whatever its rows say.</param>
    public string? FindObstacle(uint peer, uint keyId, bool isRequired) =>
        keyId == 0 && isRequired ? "a key is required for it on this node, and there is none for it"
        : keyId == 0 || Find(keyId, _node, peer) is not null ? null
        : _keys.Any(key => key.Id == keyId)
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"its rows name key {keyId}, which is not for nodes {_node} and {peer}"
            )
        : string.Create(CultureInfo.InvariantCulture, $"its rows name key {keyId}, which this node does not have");

    /// <summary>What is wrong with keys that are to be used together.</summary>
    public static IEnumerable<string> FindProblems(IReadOnlyList<ForwardKey> keys) =>
        keys.GroupBy(static key => key.Id)
            .Where(static same => same.Count() > 1)
            .Select(static same =>
                $"the id {same.Key} is that of {same.Count()} keys; give each key an id of its own."
            );

    /// <summary>What is allowed and not as safe as it should be, each in a sentence.</summary>
    public IEnumerable<string> FindWarnings()
    {
        foreach (PairKey key in _keys.OrderBy(static key => key.Id))
        {
            if (!key.Nodes.Contains(_node))
                yield return $"Key {key.Id} is of no use here: it is for the nodes {string.Join(", ", key.Nodes)}, and "
                    + $"this is node {_node}. Keep a key only where its nodes are.";
            else if (key.Nodes.Count > 2)
                yield return $"Key {key.Id} serves several remote nodes "
                    + $"({string.Join(", ", key.Nodes.Where(remote => remote != _node))}): each of them "
                    + "can claim to be another one. Make a key for each pair of nodes.";
        }
    }

    public void Dispose() => Free(_keys);

    /// <summary>Wipes keys.</summary>
    public static void Free(IReadOnlyList<PairKey> keys)
    {
        foreach (PairKey key in keys)
            key.Dispose();
    }

    private static Dictionary<uint, PairKey> ById(IReadOnlyList<PairKey> keys) =>
        keys.ToDictionary(static key => key.Id);
}
