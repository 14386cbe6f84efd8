using System.Globalization;

namespace FastForward.Transport.Registry.Tarantool;

/// <summary>How the state of a registry compares with another one.</summary>
internal enum VersionOrder
{
    /// <summary>The same writes.</summary>
    Same,

    /// <summary>All writes of the other one, and more.</summary>
    Newer,

    /// <summary>Fewer writes than the other one: a replica that lags, or a server that was restored.</summary>
    Older,

    /// <summary>Each has writes that the other one lacks.</summary>
    Diverged,

    /// <summary>The servers are not replicas of each other.</summary>
    OtherRegistry,
}

/// <summary>
/// Which writes a registry had when its rows were read: the id of the replica set, and from each of its servers the
/// number of the last write (the vclock). A single counter could not tell a replica that lags from one that took over
/// after a server had died with writes that were not replicated.
/// </summary>
/// <param name="registry">The id of the replica set.</param>
/// <param name="clock">Server number and number of its last write; ascending, without server 0.</param>
internal sealed class RegistryVersion(Guid registry, IReadOnlyList<KeyValuePair<uint, ulong>> clock)
{
    /// <summary>The id of the replica set.</summary>
    public Guid Registry => registry;

    /// <summary>Server number and number of its last write.</summary>
    public IReadOnlyList<KeyValuePair<uint, ulong>> Clock => clock;

    /// <summary>All writes: one figure for people; a healthy replica has the greatest one.</summary>
    public ulong Writes { get; } = clock.Aggregate(0ul, static (sum, entry) => unchecked(sum + entry.Value));

    /// <summary>Compares this state with another one.</summary>
    public VersionOrder CompareTo(RegistryVersion other)
    {
        if (other.Registry != registry)
            return VersionOrder.OtherRegistry;
        bool hasMore = HasMoreThan(other);
        bool hasLess = other.HasMoreThan(this);
        return (hasMore, hasLess) switch
        {
            (false, false) => VersionOrder.Same,
            (true, false) => VersionOrder.Newer,
            (false, true) => VersionOrder.Older,
            _ => VersionOrder.Diverged,
        };
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Join(
            ' ',
            clock.Select(static entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Key}:{entry.Value}"))
        );

    private bool HasMoreThan(RegistryVersion other)
    {
        foreach ((uint server, ulong writes) in clock)
        {
            if (writes > other.WritesOf(server))
                return true;
        }

        return false;
    }

    private ulong WritesOf(uint server)
    {
        foreach ((uint key, ulong value) in clock)
        {
            if (key == server)
                return value;
        }

        return 0;
    }
}
