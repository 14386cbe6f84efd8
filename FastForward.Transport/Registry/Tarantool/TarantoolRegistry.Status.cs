namespace FastForward.Transport.Registry.Tarantool;

public sealed partial class TarantoolRegistry
{
    /// <summary>What is known, and of which server.</summary>
    public RegistryStatus Status
    {
        get
        {
            lock (_gate)
                return MakeStatus();
        }
    }

    private RegistryStatus MakeStatus()
    {
        RegistryVersion? version = _view.Current?.Version;
        string? source =
            _view.Current is null ? null
            : _view.CurrentServer < 0 ? _options.CacheFile
            : _servers[_view.CurrentServer].Address;
        return new RegistryStatus
        {
            Name = Name,
            Registry = version?.Registry,
            Writes = version?.Writes,
            Source = source,
            IsConfirmed = _view.IsConfirmed,
            UnconfirmedFor = TimeSpan.FromMicroseconds(_view.IsConfirmed ? 0 : NowMicros - _confirmedAt),
            Rows = _good.Count,
            Changes = _changes,
            Servers = [.. Enumerable.Range(0, _servers.Length).Select(StatusOf)],
        };
    }

    private RegistryServerStatus StatusOf(int server) =>
        new()
        {
            Address = _servers[server].Address,
            State = _view.States[server],
            Detail = DetailOf(server),
            Notice = _notices[server],
            Writes = _view.AnswerOf(server)?.Version?.Writes,
            IsReadOnly = _view.AnswerOf(server)?.IsReadOnly,
        };

    private string? DetailOf(int server)
    {
        RegistryVersion? own = _view.AnswerOf(server)?.Version;
        RegistryVersion? current = _view.Current?.Version;
        return _view.States[server] switch
        {
            RegistryServerState.Current => null,
            RegistryServerState.Connecting => "it has not been reached yet",
            RegistryServerState.Lagging when own is null =>
                "it has no registry.lua and cannot say whether its rows are newer than those in use; registry accept "
                    + "takes them all the same",
            RegistryServerState.Lagging =>
                $"it has the writes {own}, and {current} were seen before: a replica that lags, or was restored; "
                    + "registry accept takes its rows all the same",
            RegistryServerState.Diverged =>
                $"it has the writes {own}, and {current} were seen before: its rows are taken when no server has had "
                    + "those for 10 s",
            RegistryServerState.OtherRegistry =>
                $"it is of the replica set {own?.Registry}, and the rows in use are of {current?.Registry}: the list "
                    + "of servers must name replicas of each other",
            RegistryServerState.Empty =>
                $"it is of the replica set {own?.Registry}, not {current?.Registry}, and has no row; registry accept "
                    + "makes its emptiness valid",
            _ => _details[server],
        };
    }
}
