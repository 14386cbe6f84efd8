using FastForward.Transport.Loop;

namespace FastForward.Transport.Node;

/// <summary>
/// The host names of a node's routes and the addresses that they had when they were last looked up. A name is looked up
/// once at a time, for all who ask; the old addresses stay in use meanwhile, and when the new lookup fails. Confined to
/// the loop thread.
/// </summary>
/// <param name="loop">The loop on which results arrive.</param>
/// <param name="threads">Runs the lookups.</param>
internal sealed class HostNames(ForwardLoop loop, LookupThreads threads)
{
    private const int FewNames = 256;

    private readonly Dictionary<string, HostEntry> _entries = new(StringComparer.OrdinalIgnoreCase);
    private int _pruneAt = FewNames;

    /// <summary>
    /// What is known of a name. Starts a lookup when nothing is known, or what is known is old; never waits.
    /// </summary>
    public HostEntry Find(string name)
    {
        if (!_entries.TryGetValue(name, out HostEntry? entry))
        {
            if (_entries.Count >= _pruneAt)
                Prune();
            entry = new HostEntry(name);
            _entries.Add(name, entry);
        }

        entry.AskedAt = loop.NowMicros;
        if (entry.IsOldAt(loop.NowMicros))
        {
            LookupRank rank = entry.Begin(loop.NowMicros);
            threads.Start(name, rank, result => loop.Post(() => entry.Complete(loop.NowMicros, result)));
        }

        return entry;
    }

    /// <summary>What is known of a name that was asked for; starts nothing. Null when it was not.</summary>
    public HostEntry? Peek(string name) => _entries.GetValueOrDefault(name);

    // Names of routes that no longer exist.
    private void Prune()
    {
        foreach (HostEntry entry in _entries.Values.Where(entry => entry.IsUnusedAt(loop.NowMicros)).ToArray())
            _entries.Remove(entry.Name);
        _pruneAt = Math.Max(FewNames, _entries.Count * 2);
    }
}
