namespace FastForward.Transport.Registry;

/// <summary>Where routes come from: configuration, a registry database.</summary>
/// <remarks>
/// <see cref="Rows"/> and <see cref="Unreadable"/> are immutable snapshots, replaced as a whole, the second one first
/// or both at once; <see cref="Changed"/> may be raised on any thread after the replacement. A source that loses its
/// server keeps its last good snapshot.
/// </remarks>
public interface IRouteSource
{
    /// <summary>A name for messages, such as the file or server the rows come from.</summary>
    string Name { get; }

    /// <summary>The table the rows belong to.</summary>
    RouteTable Table { get; }

    /// <summary>The current rows.</summary>
    IReadOnlyCollection<RouteRow> Rows { get; }

    /// <summary>Records beside the rows that cannot be read. None unless a source says otherwise.</summary>
    IReadOnlyList<UnreadableRow> Unreadable => [];

    /// <summary>A new snapshot is in place.</summary>
    event Action? Changed;
}
