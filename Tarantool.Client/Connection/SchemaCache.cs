using System.Collections.Concurrent;
using Tarantool.Client.Diagnostics;
using Tarantool.Client.Protocol;

namespace Tarantool.Client.Connection;

/// <summary>
/// Looks up spaces and indexes by name on first use and caches their ids until a response carries a new schema version.
/// One cache per connection, because ids and schema versions differ between servers. Thread-safe.
/// </summary>
internal sealed class SchemaCache(TarantoolConnection connection, ClientContext context)
{
    // Ids of the system views, which contain only what the user may see (the server's schema_def.h).
    private const uint SpaceView = 281;
    private const uint IndexView = 289;
    private const uint ByName = 2;

    /// <summary>How often a lookup is repeated because the schema changed during it.</summary>
    private const int MaxRetries = 10;

    private volatile Generation _current = new(0);

    /// <summary>The number of names that are cached or being looked up.</summary>
    public int Count => _current.Spaces.Count + _current.Indexes.Count;

    /// <summary>Discards the cached names if a response carries a new schema version.</summary>
    public void Observe(uint version)
    {
        Generation current = _current;
        if (current.Version == version)
            return;

        // Called by the read loop only, so versions are seen in the order of the responses.
        _current = new Generation(version);
        if (!current.Spaces.IsEmpty)
            Log.SchemaChanged(context.Logger, version);
    }

    /// <summary>Resolves the names in a request to ids.</summary>
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
                // Space and index are two lookups: the space may have been replaced between them.
                generation = _current;
            }
        }
    }

    /// <summary>Finds or starts the lookup of a key; concurrent requests for one name share its lookup.</summary>
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

        // Failed lookups are removed, so that unknown names do not accumulate. The exception is observed here because
        // all waiters may have been cancelled.
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

    /// <summary>The caller's deadline and token end only its own wait; the lookup continues for the others.</summary>
    private async Task<uint> WaitAsync(Task<uint> lookup, long deadline, CancellationToken cancellationToken)
    {
        try
        {
            return await lookup
                .WaitAsync(context.TimeUntil(deadline), context.Time, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TarantoolConnectionException exception)
        {
            // The lookup may have been executed, but the request that needed it was not sent.
            throw exception.NothingExecuted();
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException(
                $"The request was not sent, because {connection.Address} did not return the id of its "
                    + "space or index in time.",
                exception
            );
        }
    }

    private async Task<uint> SpaceAsync(string name) =>
        await FindAsync(SpaceView, [name], 0).ConfigureAwait(false)
        ?? throw new TarantoolSchemaException($"There is no space '{name}', or the user may not see it.");

    private async Task<uint> IndexAsync((uint Space, string Name) key) =>
        await FindAsync(IndexView, [key.Space, key.Name], 1).ConfigureAwait(false)
        ?? throw new TarantoolSchemaException(
            $"There is no index '{key.Name}' in space {key.Space}, or the user may not see it."
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
    /// The names looked up under one schema version. A response that races with a schema change may be cached in the
    /// older generation; the server then rejects the request because of the version sent with it.
    /// </summary>
    private sealed class Generation(uint version)
    {
        public uint Version { get; } = version;

        public ConcurrentDictionary<string, Task<uint>> Spaces { get; } = new(StringComparer.Ordinal);

        public ConcurrentDictionary<(uint Space, string Name), Task<uint>> Indexes { get; } = new();
    }
}
