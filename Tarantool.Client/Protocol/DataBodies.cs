namespace Tarantool.Client.Protocol;

// Bodies of requests on spaces. Map keys are written in ascending order.

/// <summary>SELECT.</summary>
internal readonly struct SelectBody(TarantoolId space, TarantoolTuple key, SelectOptions options) : IRequestBody
{
    public RequestType Type => RequestType.Select;

    public RequestTarget Target => new(space, options.Index);

    public void Write(ref TarantoolWriter writer, in TargetIds ids)
    {
        writer.WriteMapHeader(6);
        writer.WriteKey(IprotoKey.SpaceId);
        writer.Write(ids.Space);
        writer.WriteKey(IprotoKey.IndexId);
        writer.Write(ids.Index);
        writer.WriteKey(IprotoKey.Limit);
        writer.Write(options.Limit);
        writer.WriteKey(IprotoKey.Offset);
        writer.Write(options.Offset);
        writer.WriteKey(IprotoKey.Iterator);
        writer.Write((int)options.Iterator);
        writer.WriteKey(IprotoKey.Key);
        writer.WriteTuple(key);
    }
}

/// <summary>INSERT and REPLACE.</summary>
internal readonly struct StoreBody<T>(RequestType type, TarantoolId space, T tuple) : IRequestBody
    where T : ITarantoolTuple<T>
{
    public RequestType Type => type;

    public RequestTarget Target => new(space, default);

    public void Write(ref TarantoolWriter writer, in TargetIds ids)
    {
        writer.WriteMapHeader(2);
        writer.WriteKey(IprotoKey.SpaceId);
        writer.Write(ids.Space);
        writer.WriteKey(IprotoKey.Tuple);
        writer.WriteTuple(tuple);
    }
}

/// <summary>UPDATE.</summary>
internal readonly struct UpdateBody(
    TarantoolId space,
    TarantoolTuple key,
    IReadOnlyList<UpdateOperation> operations,
    TarantoolId index
) : IRequestBody
{
    public RequestType Type => RequestType.Update;

    public RequestTarget Target => new(space, index);

    public static void WriteOperations(ref TarantoolWriter writer, IReadOnlyList<UpdateOperation> operations)
    {
        writer.WriteArrayHeader(operations.Count);
        foreach (UpdateOperation operation in operations)
            writer.WriteTuple(operation ?? throw new ArgumentException("An operation is null.", nameof(operations)));
    }

    public void Write(ref TarantoolWriter writer, in TargetIds ids)
    {
        writer.WriteMapHeader(4);
        writer.WriteKey(IprotoKey.SpaceId);
        writer.Write(ids.Space);
        writer.WriteKey(IprotoKey.IndexId);
        writer.Write(ids.Index);
        writer.WriteKey(IprotoKey.Key);
        writer.WriteTuple(key);
        writer.WriteKey(IprotoKey.Tuple);
        WriteOperations(ref writer, operations);
    }
}

/// <summary>UPSERT.</summary>
internal readonly struct UpsertBody<T>(TarantoolId space, T tuple, IReadOnlyList<UpdateOperation> operations)
    : IRequestBody
    where T : ITarantoolTuple<T>
{
    public RequestType Type => RequestType.Upsert;

    public RequestTarget Target => new(space, default);

    public void Write(ref TarantoolWriter writer, in TargetIds ids)
    {
        writer.WriteMapHeader(3);
        writer.WriteKey(IprotoKey.SpaceId);
        writer.Write(ids.Space);
        writer.WriteKey(IprotoKey.Tuple);
        writer.WriteTuple(tuple);
        writer.WriteKey(IprotoKey.Operations);
        UpdateBody.WriteOperations(ref writer, operations);
    }
}

/// <summary>DELETE.</summary>
internal readonly struct DeleteBody(TarantoolId space, TarantoolTuple key, TarantoolId index) : IRequestBody
{
    public RequestType Type => RequestType.Delete;

    public RequestTarget Target => new(space, index);

    public void Write(ref TarantoolWriter writer, in TargetIds ids)
    {
        writer.WriteMapHeader(3);
        writer.WriteKey(IprotoKey.SpaceId);
        writer.Write(ids.Space);
        writer.WriteKey(IprotoKey.IndexId);
        writer.Write(ids.Index);
        writer.WriteKey(IprotoKey.Key);
        writer.WriteTuple(key);
    }
}
