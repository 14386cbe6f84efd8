using FastForward.Transport.Registry;
using Tarantool.Client;

namespace FastForward.Host.Running;

/// <summary>Writes rows to the first server of a registry that takes writes.</summary>
/// <param name="servers">Their addresses.</param>
/// <param name="user">The user; null for guest.</param>
/// <param name="password">Its password.</param>
internal sealed class RegistryWriter(IReadOnlyList<string> servers, string? user, string? password)
{
    /// <summary>What came of it.</summary>
    /// <param name="Text">For people, in one line.</param>
    /// <param name="IsDone">It was done, or there was nothing to do.</param>
    public sealed record Outcome(string Text, bool IsDone);

    /// <summary>Inserts a row.</summary>
    /// <param name="table">The space.</param>
    /// <param name="row">The row, valid.</param>
    /// <param name="mayReplace">Another row of the node may be replaced.</param>
    /// <param name="stop">Ends the attempt.</param>
    public Task<Outcome> AddAsync(RouteTable table, RouteRow row, bool mayReplace, CancellationToken stop) =>
        TryEachAsync(
            async client =>
            {
                TarantoolTuple tuple = ToTuple(table, row);
                TarantoolTuple? present = await client
                    .GetAsync(table.ToString(), [row.Node], cancellationToken: stop)
                    .ConfigureAwait(false);
                if (present is not null && present.Equals(tuple))
                    return new Outcome($"{table} has this row already: {Line(table, row)}", IsDone: true);
                if (present is not null && !mayReplace)
                    return new Outcome(
                        $"{table} has another row of node {row.Node}, {present}: --replace replaces it. "
                            + "Nothing was written",
                        IsDone: false
                    );
                if (present is null)
                    await client.InsertAsync(table.ToString(), tuple, stop).ConfigureAwait(false);
                else
                    await client.ReplaceAsync(table.ToString(), tuple, stop).ConfigureAwait(false);
                return new Outcome(Line(table, row), IsDone: true);
            },
            stop
        );

    /// <summary>Deletes the row of a node.</summary>
    public Task<Outcome> RemoveAsync(RouteTable table, uint node, CancellationToken stop) =>
        TryEachAsync(
            async client =>
            {
                TarantoolTuple? gone = await client
                    .DeleteAsync(table.ToString(), [node], cancellationToken: stop)
                    .ConfigureAwait(false);
                return gone is null
                    ? new Outcome($"{table} has no row of node {node}", IsDone: false)
                    : new Outcome($"box.space.{table}:delete({node}) -- was {gone}", IsDone: true);
            },
            stop
        );

    private async Task<Outcome> TryEachAsync(Func<TarantoolClient, Task<Outcome>> write, CancellationToken stop)
    {
        List<string> reasons = [];
        foreach (string server in servers)
        {
            try
            {
                TarantoolClientOptions options = TarantoolClientOptions.Parse(server);
                options.UserName = user;
                options.Password = password;
                options.AutoReconnect = false;
                TarantoolClient client = await TarantoolClient.ConnectAsync(options, stop).ConfigureAwait(false);
                await using (client.ConfigureAwait(false))
                    return await write(client).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is TarantoolException or TimeoutException)
            {
                reasons.Add($"{server}: {Describe(exception)}");
            }
        }

        return new Outcome($"no server takes the write. {string.Join("; ", reasons)}", IsDone: false);
    }

    private string Describe(Exception exception) =>
        exception switch
        {
            TarantoolServerException { Code: TarantoolErrorCodes.ReadOnly } => "it is read-only, a replica",
            TarantoolServerException { Code: TarantoolErrorCodes.AccessDenied } =>
                $"{exception.Message} (as admin: box.schema.user.grant('{user ?? "guest"}', 'read,write', "
                    + "'space', ...); or name a user who may with --user)",
            TarantoolSchemaException => $"{exception.Message} FastForward.Host registry apply installs registry.lua",
            _ => exception.Message,
        };

    private static TarantoolTuple ToTuple(RouteTable table, in RouteRow row) =>
        table == RouteTable.OverriddenNodes
            ? [row.Node, row.KeyId, (int)row.Transport, row.Address, row.Port]
            : [row.Node, row.KeyId, row.Address, row.Port];

    private static string Line(RouteTable table, in RouteRow row)
    {
        string type = table == RouteTable.OverriddenNodes ? $"{TransportTypeMap.NameOf(row.Transport)}, " : "";
        return $"box.space.{table}:replace({{ {row.Node}, {row.KeyId}, {type}'{row.Address}', {row.Port} }})";
    }
}
