using System.Collections.Concurrent;
using Tarantool.Client.Diagnostics;
using Tarantool.Client.Protocol;

namespace Tarantool.Client.Connection;

/// <summary>
/// Looks up spaces and indexes by name, one at a time and when they are first used, and remembers them until any
/// answer shows that the server's schema version changed. Belongs to one connection, because another server numbers
/// its schema anew. Thread-safe.
/// </summary>
internal sealed class SchemaCache(TarantoolConnection connection, ClientContext context)
{
    // System views show only what the user may see (the server's schema_def.h).
    private const uint SpaceView = 281;
    private const uint IndexView = 289;
    private const uint ByName = 2;

    /// <summary>How often names are looked up anew because the schema changed while they were.</summary>
    private const int MaxRetries = 10;

    private volatile Generation _current = new(0);

    /// <summary>How many names are remembered or being looked up.</summary>
    public int Count => _current.Spaces.Count + _current.Indexes.Count;

    /// <summary>Takes note of the schema version in an answer.</summary>
    public void Observe(uint version)
    {
        Generation current = _current;
        if (current.Version == version)
            return;

        // Only the reading loop comes here, so the versions are seen in the order of the answers.
        _current = new Generation(version);
        if (!current.Spaces.IsEmpty)
            Log.SchemaChanged(context.Logger, version);
    }

    /// <summary>Looks up what a request names.</summary>
    /// <exception cref="TarantoolSchemaException">There is no such space or index.</exception>
    public ValueTask<TargetIds> ResolveAsync(RequestTarget target, long deadline, CancellationToken cancellationToken)
    {
        Generation generation = _current;
        if (target.Space.Name is { } name)
        {
            if (!generation.Spaces.TryGetValue(name, out Task<uint>? space) || !space.IsCompletedSuccessfully)
                return LookUpAsync(generation, target, deadline, cancellationToken);
            if (target.Index.Name is null)
                return new(new TargetIds(space.Result, target.Index.Number, generation.Version));
            if (
                generation.Indexes.TryGetValue((space.Result, target.Index.Name), out Task<uint>? index)
                && index.IsCompletedSuccessfully
            )
                return new(new TargetIds(space.Result, index.Result, generation.Version));
        }

        return LookUpAsync(generation, target, deadline, cancellationToken);
    }

    private async ValueTask<TargetIds> LookUpAsync(
        Generation generation,
        RequestTarget target,
        long deadline,
        CancellationToken cancellationToken
    )
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                uint space = target.Space.Name is { } name
                    ? await WaitAsync(Shared(generation.Spaces, name, SpaceAsync), deadline, cancellationToken)
                        .ConfigureAwait(false)
                    : target.Space.Number;
                uint index = target.Index.Name is { } indexName
                    ? await WaitAsync(
                            Shared(generation.Indexes, (space, indexName), IndexAsync),
                            deadline,
                            cancellationToken
                        )
                        .ConfigureAwait(false)
                    : target.Index.Number;
                return new TargetIds(space, index, generation.Version);
            }
            catch (TarantoolSchemaException) when (_current != generation && attempt < MaxRetries)
            {
                // Space and index are two lookups: what the first one found may have been replaced before the second.
                generation = _current;
            }
        }
    }

    /// <summary>Finds the lookup of a key or starts it: requests for one name that come together share its lookup.</summary>
    private static Task<uint> Shared<TKey>(
        ConcurrentDictionary<TKey, Task<uint>> lookups,
        TKey key,
        Func<TKey, Task<uint>> lookUp
    )
        where TKey : notnull
    {
        if (lookups.TryGetValue(key, out Task<uint>? known) && !(known.IsCompleted && !known.IsCompletedSuccessfully))
            return known;
        Task<uint> started = lookUp(key);
        lookups[key] = started;

        // Names that do not exist must not pile up. All who waited may have given up, too; then nobody else would look
        // at the failure.
        _ = started.ContinueWith(
            lookup =>
            {
                _ = lookup.Exception;
                lookups.TryRemove(new KeyValuePair<TKey, Task<uint>>(key, lookup));
            },
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
        return started;
    }

    /// <summary>A caller's own limits end only its own wait; the lookup goes on for the others.</summary>
    private async Task<uint> WaitAsync(Task<uint> lookup, long deadline, CancellationToken cancellationToken)
    {
        try
        {
            return await lookup
                .WaitAsync(context.TimeUntil(deadline), context.Time, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TarantoolConnectionException e)
        {
            // The lookup may have been executed, but the request it was for was not even sent.
            throw e.NothingExecuted();
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException(
                $"The request was not sent, because {context.Address} did not tell the number of its space or index in time.",
                e
            );
        }
    }

    private async Task<uint> SpaceAsync(string name) =>
        await FindAsync(SpaceView, [name], 0).ConfigureAwait(false)
        ?? throw new TarantoolSchemaException($"There is no space '{name}', or the user may not see it.");

    private async Task<uint> IndexAsync((uint Space, string Name) key) =>
        await FindAsync(IndexView, [key.Space, key.Name], 1).ConfigureAwait(false)
        ?? throw new TarantoolSchemaException(
            $"There is no index '{key.Name}' in the space {key.Space}, or the user may not see it."
        );

    private async Task<uint?> FindAsync(uint view, TarantoolTuple key, int field)
    {
        SelectBody body = new(view, key, new SelectOptions { Index = ByName, Limit = 1 });
        TarantoolTuple? row = await connection
            .RequestAsync<SelectBody, FirstTupleDecoder<TarantoolTuple>, TarantoolTuple?>(
                body,
                new TargetIds(view, ByName, 0),
                default,
                context.DeadlineAfter(context.Options.RequestTimeout),
                null,
                CancellationToken.None
            )
            .ConfigureAwait(false);
        return row?[field].AsUInt32();
    }

    /// <summary>
    /// The names looked up under one schema version. An answer that raced with a change of the schema may land in the
    /// older generation: then the version sent along makes the server refuse the request.
    /// </summary>
    private sealed class Generation(uint version)
    {
        public uint Version { get; } = version;

        public ConcurrentDictionary<string, Task<uint>> Spaces { get; } = new(StringComparer.Ordinal);

        public ConcurrentDictionary<(uint Space, string Name), Task<uint>> Indexes { get; } = new();
    }
}
