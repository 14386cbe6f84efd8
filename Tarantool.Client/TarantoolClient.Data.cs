using Tarantool.Client.Protocol;

namespace Tarantool.Client;

/// <content>Requests on spaces.</content>
public sealed partial class TarantoolClient
{
    /// <summary>Selects tuples.</summary>
    /// <typeparam name="T">The tuples' type.</typeparam>
    /// <param name="space">The space.</param>
    /// <param name="key">The key or the first parts of it; <c>[]</c> selects all.</param>
    /// <param name="options">Index, iterator, limit and offset.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The tuples in the order of the iterator.</returns>
    /// <remarks>For exceptions see the remarks of <see cref="TarantoolClient"/>.</remarks>
    public ValueTask<T[]> SelectAsync<T>(
        TarantoolId space,
        TarantoolTuple key,
        SelectOptions options = default,
        CancellationToken cancellationToken = default
    )
        where T : ITarantoolTuple<T>
    {
        ArgumentNullException.ThrowIfNull(key);
        return SendAsync<SelectBody, TuplesDecoder<T>, T[]>(
            new SelectBody(space, key, options),
            default,
            default,
            cancellationToken
        );
    }

    /// <inheritdoc cref="SelectAsync{T}"/>
    public ValueTask<TarantoolTuple[]> SelectAsync(
        TarantoolId space,
        TarantoolTuple key,
        SelectOptions options = default,
        CancellationToken cancellationToken = default
    ) => SelectAsync<TarantoolTuple>(space, key, options, cancellationToken);

    /// <summary>Gets the first tuple with a key.</summary>
    /// <typeparam name="T">The tuple's type.</typeparam>
    /// <param name="space">The space.</param>
    /// <param name="key">The key.</param>
    /// <param name="index">The index to look in; by default the primary one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The tuple, or the default value of <typeparamref name="T"/> if there is none.</returns>
    /// <remarks>For exceptions see the remarks of <see cref="TarantoolClient"/>.</remarks>
    public ValueTask<T?> GetAsync<T>(
        TarantoolId space,
        TarantoolTuple key,
        TarantoolId index = default,
        CancellationToken cancellationToken = default
    )
        where T : ITarantoolTuple<T>
    {
        ArgumentNullException.ThrowIfNull(key);
        return SendAsync<SelectBody, FirstTupleDecoder<T>, T?>(
            new SelectBody(space, key, new SelectOptions { Index = index, Limit = 1 }),
            default,
            default,
            cancellationToken
        );
    }

    /// <inheritdoc cref="GetAsync{T}"/>
    public ValueTask<TarantoolTuple?> GetAsync(
        TarantoolId space,
        TarantoolTuple key,
        TarantoolId index = default,
        CancellationToken cancellationToken = default
    ) => GetAsync<TarantoolTuple>(space, key, index, cancellationToken);

    /// <summary>
    /// Inserts a tuple. Fails with <see cref="TarantoolErrorCodes.TupleFound"/> if one with the same key exists.
    /// </summary>
    /// <typeparam name="T">The tuple's type.</typeparam>
    /// <param name="space">The space.</param>
    /// <param name="tuple">The tuple.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The tuple as stored, including changes made by sequences and triggers.</returns>
    /// <remarks>For exceptions see the remarks of <see cref="TarantoolClient"/>.</remarks>
    public ValueTask<T> InsertAsync<T>(TarantoolId space, T tuple, CancellationToken cancellationToken = default)
        where T : ITarantoolTuple<T> => StoreAsync(RequestType.Insert, space, tuple, cancellationToken);

    /// <inheritdoc cref="InsertAsync{T}"/>
    public ValueTask<TarantoolTuple> InsertAsync(
        TarantoolId space,
        TarantoolTuple tuple,
        CancellationToken cancellationToken = default
    ) => InsertAsync<TarantoolTuple>(space, tuple, cancellationToken);

    /// <summary>Inserts a tuple, or replaces the one with the same primary key.</summary>
    /// <typeparam name="T">The tuple's type.</typeparam>
    /// <param name="space">The space.</param>
    /// <param name="tuple">The tuple.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The tuple as stored, including changes made by sequences and triggers.</returns>
    /// <remarks>For exceptions see the remarks of <see cref="TarantoolClient"/>.</remarks>
    public ValueTask<T> ReplaceAsync<T>(TarantoolId space, T tuple, CancellationToken cancellationToken = default)
        where T : ITarantoolTuple<T> => StoreAsync(RequestType.Replace, space, tuple, cancellationToken);

    /// <inheritdoc cref="ReplaceAsync{T}"/>
    public ValueTask<TarantoolTuple> ReplaceAsync(
        TarantoolId space,
        TarantoolTuple tuple,
        CancellationToken cancellationToken = default
    ) => ReplaceAsync<TarantoolTuple>(space, tuple, cancellationToken);

    /// <summary>Changes fields of the tuple with a key.</summary>
    /// <typeparam name="T">The tuple's type.</typeparam>
    /// <param name="space">The space.</param>
    /// <param name="key">The key, of a unique index.</param>
    /// <param name="operations">The changes, applied atomically.</param>
    /// <param name="index">The index to look in; by default the primary one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The changed tuple, or the default value of <typeparamref name="T"/> if there is none.</returns>
    /// <remarks>For exceptions see the remarks of <see cref="TarantoolClient"/>.</remarks>
    public ValueTask<T?> UpdateAsync<T>(
        TarantoolId space,
        TarantoolTuple key,
        IReadOnlyList<UpdateOperation> operations,
        TarantoolId index = default,
        CancellationToken cancellationToken = default
    )
        where T : ITarantoolTuple<T>
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(operations);
        return SendAsync<UpdateBody, FirstTupleDecoder<T>, T?>(
            new UpdateBody(space, key, operations, index),
            default,
            default,
            cancellationToken
        );
    }

    /// <inheritdoc cref="UpdateAsync{T}"/>
    public ValueTask<TarantoolTuple?> UpdateAsync(
        TarantoolId space,
        TarantoolTuple key,
        IReadOnlyList<UpdateOperation> operations,
        TarantoolId index = default,
        CancellationToken cancellationToken = default
    ) => UpdateAsync<TarantoolTuple>(space, key, operations, index, cancellationToken);

    /// <summary>
    /// Inserts a tuple, or applies changes to the one with the same primary key. The server does not return an error
    /// for a change that fails (such as adding to a string), but logs it.
    /// </summary>
    /// <typeparam name="T">The tuple's type.</typeparam>
    /// <param name="space">The space, which must not have a unique secondary index.</param>
    /// <param name="tuple">The tuple to insert if there is none.</param>
    /// <param name="operations">The changes if there is one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes when executed; upsert returns no tuple.</returns>
    /// <remarks>For exceptions see the remarks of <see cref="TarantoolClient"/>.</remarks>
    public ValueTask UpsertAsync<T>(
        TarantoolId space,
        T tuple,
        IReadOnlyList<UpdateOperation> operations,
        CancellationToken cancellationToken = default
    )
        where T : ITarantoolTuple<T>
    {
        ArgumentNullException.ThrowIfNull(tuple);
        ArgumentNullException.ThrowIfNull(operations);
        return DiscardAsync(
            SendAsync<UpsertBody<T>, NothingDecoder, bool>(
                new UpsertBody<T>(space, tuple, operations),
                default,
                default,
                cancellationToken
            )
        );
    }

    /// <inheritdoc cref="UpsertAsync{T}"/>
    public ValueTask UpsertAsync(
        TarantoolId space,
        TarantoolTuple tuple,
        IReadOnlyList<UpdateOperation> operations,
        CancellationToken cancellationToken = default
    ) => UpsertAsync<TarantoolTuple>(space, tuple, operations, cancellationToken);

    /// <summary>Deletes the tuple with a key.</summary>
    /// <typeparam name="T">The tuple's type.</typeparam>
    /// <param name="space">The space.</param>
    /// <param name="key">The key, of a unique index.</param>
    /// <param name="index">The index to look in; by default the primary one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The deleted tuple, or the default value of <typeparamref name="T"/> if there was none.</returns>
    /// <remarks>For exceptions see the remarks of <see cref="TarantoolClient"/>.</remarks>
    public ValueTask<T?> DeleteAsync<T>(
        TarantoolId space,
        TarantoolTuple key,
        TarantoolId index = default,
        CancellationToken cancellationToken = default
    )
        where T : ITarantoolTuple<T>
    {
        ArgumentNullException.ThrowIfNull(key);
        return SendAsync<DeleteBody, FirstTupleDecoder<T>, T?>(
            new DeleteBody(space, key, index),
            default,
            default,
            cancellationToken
        );
    }

    /// <inheritdoc cref="DeleteAsync{T}"/>
    public ValueTask<TarantoolTuple?> DeleteAsync(
        TarantoolId space,
        TarantoolTuple key,
        TarantoolId index = default,
        CancellationToken cancellationToken = default
    ) => DeleteAsync<TarantoolTuple>(space, key, index, cancellationToken);

    private ValueTask<T> StoreAsync<T>(
        RequestType type,
        TarantoolId space,
        T tuple,
        CancellationToken cancellationToken
    )
        where T : ITarantoolTuple<T>
    {
        ArgumentNullException.ThrowIfNull(tuple);
        return SendAsync<StoreBody<T>, StoredTupleDecoder<T>, T>(
            new StoreBody<T>(type, space, tuple),
            default,
            default,
            cancellationToken
        );
    }
}
