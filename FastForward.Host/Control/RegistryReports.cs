using System.Text.Json;
using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;

namespace FastForward.Host.Control;

/// <summary>Reports the registries of a node, and its rows that are skipped.</summary>
internal static class RegistryReports
{
    private const int MostRows = 20;

    public static RegistryReport Report(RegistryStatus registry) =>
        new()
        {
            Name = registry.Name,
            Confirmed = registry.IsConfirmed,
            UnconfirmedSeconds = registry.UnconfirmedFor.TotalSeconds,
            Source = registry.Source,
            ReplicaSet = registry.Registry?.ToString(),
            Writes = registry.Writes,
            Rows = registry.Rows,
            Changes = registry.Changes,
            Servers = [.. registry.Servers.Select(Report)],
        };

    /// <summary>The first of the rows that are skipped.</summary>
    public static IReadOnlyList<RowReport> Report(IReadOnlyList<RouteProblem> problems) =>
        [.. problems.Take(MostRows).Select(static row => new RowReport(row.Source, row.Row, row.Reason))];

    private static RegistryServerReport Report(RegistryServerStatus server) =>
        new()
        {
            Address = server.Address,
            State = JsonNamingPolicy.CamelCase.ConvertName(server.State.ToString()),
            Detail = server.Detail,
            Notice = JsonNamingPolicy.CamelCase.ConvertName(server.Notice.ToString()),
            Writes = server.Writes,
            ReadOnly = server.IsReadOnly,
        };
}
