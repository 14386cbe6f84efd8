using System.Globalization;
using FastForward.Host.Control;
using FastForward.Host.Screens;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace FastForward.Host.Monitoring;

/// <summary>The registries of a host with their servers, and the rows that are skipped.</summary>
internal static class RegistryTable
{
    public static IEnumerable<IRenderable> Of(NodeReport now, int width)
    {
        foreach (RegistryReport registry in now.Registries)
        {
            yield return Text.Empty;
            yield return new Text(VisibleText.Of(Describe(registry)), registry.Confirmed ? Styles.Plain : Styles.Bad);
            FittingTable table = new(
                new FittingColumn("server", 0, IsText: true),
                new FittingColumn("state", 0, IsText: true),
                new FittingColumn("notice", 2, IsText: true),
                new FittingColumn("writes", 1),
                new FittingColumn("access", 3, IsText: true)
            );
            foreach (RegistryServerReport server in registry.Servers)
                table.Add(
                    server.State == "current" ? Styles.Plain : Styles.Doubtful,
                    server.Address,
                    server.State,
                    server.Notice,
                    server.Writes?.ToString(CultureInfo.InvariantCulture) ?? "",
                    server.ReadOnly switch
                    {
                        true => "read-only",
                        false => "read-write",
                        null => "",
                    }
                );
            yield return table.Fit(width);
            foreach (RegistryServerReport server in registry.Servers.Where(static server => server.Detail is not null))
                yield return new Text(VisibleText.Of($"{server.Address}: {server.Detail}"), Styles.Doubtful);
        }

        if (now.SkippedRows.Count == 0)
            yield break;
        yield return Text.Empty;
        foreach (RowReport row in now.SkippedRows)
            yield return new Text(VisibleText.Of($"skipped: {row.Row} of {row.Source}: {row.Reason}"), Styles.Doubtful);
    }

    private static string Describe(RegistryReport registry)
    {
        string source = registry.Source is null ? "no rows yet" : $"rows of {registry.Source}";
        string doubt = registry.Confirmed
            ? ""
            : $"  not confirmed for {Figures.Age(registry.UnconfirmedSeconds)}: the last good ones are in use";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{registry.Name}  {registry.Rows} rows, {registry.Changes} changes  {source}{doubt}"
        );
    }
}
