namespace FastForward.Transport.Session.Keys;

/// <summary>The keys of this node.</summary>
internal interface IKeySource
{
    /// <summary>The key with a number, which must be for both nodes; null when there is none.</summary>
    PairKey? Find(uint keyId, uint node, uint other);
}
