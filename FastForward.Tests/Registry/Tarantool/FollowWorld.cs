using FastForward.Tests.Tarantool;
using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;

namespace FastForward.Tests.Registry.Tarantool;

/// <summary>A registry that is followed, with what it has logged.</summary>
internal sealed class FollowWorld : IAsyncDisposable
{
    public const string User = "fastforward";
    public const string Password = "secret";

    private readonly CollectingLogger<TarantoolRegistry> _log = new();

    private FollowWorld(TarantoolRegistryOptions options)
    {
        options.LoggerFactory = _log;
        options.WaitTime = TimeSpan.FromSeconds(1);
        options.Grace = TimeSpan.FromSeconds(1);
        Registry = new TarantoolRegistry(options);
        Registry.Start();
    }

    public TarantoolRegistry Registry { get; }

    public IEnumerable<string> Log => _log.Entries.Select(static entry => entry.Text);

    public IReadOnlyList<RouteRow> Overridden => RowsOf(RouteTable.OverriddenNodes);

    public IReadOnlyList<RouteRow> Nodes => RowsOf(RouteTable.Nodes);

    public RegistryServerStatus First => Registry.Status.Servers[0];

    /// <summary>Follows servers as the user of a host.</summary>
    public static FollowWorld Start(Action<TarantoolRegistryOptions>? configure, params RegistryServer[] servers)
    {
        TarantoolRegistryOptions options = new()
        {
            Servers = [.. servers.Select(static server => server.Address)],
            UserName = User,
            Password = Password,
        };
        configure?.Invoke(options);
        return new FollowWorld(options);
    }

    /// <summary>Applies the registry with the user of <see cref="Start"/>.</summary>
    public static Task<RegistryServer> ServerAsync(RegistryServer? replicaOf = null) =>
        RegistryServer.StartAsync($"dofile(...).apply{{user='{User}', password='{Password}'}}", replicaOf);

    /// <summary>Waits until rows are as expected.</summary>
    public Task UntilRows(RouteTable table, params RouteRow[] rows) =>
        Until(() => RowsOf(table).Order(Comparer).SequenceEqual(rows), string.Join(", ", rows));

    /// <summary>Waits for a condition.</summary>
    public Task Until(Func<bool> condition, string what) =>
        Limits.Until(condition, $"{what}; rows: {string.Join(", ", Overridden.Concat(Nodes))}");

    /// <summary>Waits until a server has a state.</summary>
    public Task UntilState(int server, RegistryServerState state) =>
        Until(() => Registry.Status.Servers[server].State == state, $"server {server} is {state}");

    public async ValueTask DisposeAsync()
    {
        await Registry.DisposeAsync();
        _log.Dispose();
    }

    private static Comparer<RouteRow> Comparer { get; } =
        Comparer<RouteRow>.Create(static (one, other) => one.Node.CompareTo(other.Node));

    private IReadOnlyList<RouteRow> RowsOf(RouteTable table) =>
        [.. Registry.Sources.Single(source => source.Table == table).Rows];
}
