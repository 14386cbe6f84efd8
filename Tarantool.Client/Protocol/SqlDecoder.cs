namespace Tarantool.Client.Protocol;

/// <summary>Decodes the response to EXECUTE: columns and rows of a query, or the changes made by a statement.</summary>
internal struct SqlDecoder : IResponseDecoder<SqlResult>
{
    // Keys of the metadata map of a column and of the SQL info map (the server's iproto_constants.h).
    private const int ColumnName = 0;
    private const int ColumnType = 1;
    private const int RowCount = 0;
    private const int GeneratedIds = 1;

    private TarantoolTuple? _columns;
    private TarantoolTuple[]? _rows;
    private TarantoolValue _info;

    public readonly SqlResult Result =>
        new(
            [.. (_columns ?? TarantoolTuple.Empty).Select(Column)],
            _rows ?? [],
            Info(RowCount) is { IsNil: false } count ? count.AsInt64() : 0,
            Info(GeneratedIds) is { IsNil: false } ids ? [.. ids.AsArray().Select(id => id.AsInt64())] : []
        );

    public bool TryDecode(uint key, ref TarantoolReader reader)
    {
        switch (key)
        {
            case IprotoKey.Metadata:
                _columns = reader.ReadAny().AsArray();
                return true;
            case IprotoKey.Data:
                _rows = TarantoolReader.ReadTuples<TarantoolTuple>(ref reader);
                return true;
            case IprotoKey.SqlInfo:
                _info = reader.ReadAny();
                return true;
            default:
                return false;
        }
    }

    private static SqlColumn Column(TarantoolValue description)
    {
        IReadOnlyDictionary<TarantoolValue, TarantoolValue> map = description.AsMap();
        string type = map.TryGetValue(ColumnType, out TarantoolValue value) ? value.AsString() : "";
        return new SqlColumn(map.GetValueOrDefault(ColumnName, "").AsString(), type);
    }

    private readonly TarantoolValue Info(int key) =>
        _info.Kind == TarantoolValueKind.Map && _info.AsMap().TryGetValue(key, out TarantoolValue value)
            ? value
            : default;
}
