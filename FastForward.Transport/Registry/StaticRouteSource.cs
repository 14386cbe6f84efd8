namespace FastForward.Transport.Registry;

/// <summary>Routes given by the program itself. They can be replaced while it runs.</summary>
public sealed class StaticRouteSource : IRouteSource
{
    private volatile IReadOnlyList<RouteRow> _rows;

    /// <summary>Creates the source.</summary>
    /// <param name="rows">The rows; validated by the resolver, not here.</param>
    /// <param name="table">The table they stand for.</param>
    /// <param name="name">A name for messages.</param>
    public StaticRouteSource(
        IEnumerable<RouteRow> rows,
        RouteTable table = RouteTable.Configuration,
        string name = "configuration"
    )
    {
        ArgumentNullException.ThrowIfNull(rows);
        _rows = [.. rows];
        Table = table;
        Name = name;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public RouteTable Table { get; }

    /// <inheritdoc/>
    public IReadOnlyCollection<RouteRow> Rows => _rows;

    /// <inheritdoc/>
    public event Action? Changed;

    /// <summary>Replaces all rows. Any thread may call it.</summary>
    public void Replace(IEnumerable<RouteRow> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        _rows = [.. rows];
        Changed?.Invoke();
    }
}
