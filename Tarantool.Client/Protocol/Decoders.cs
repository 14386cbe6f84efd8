namespace Tarantool.Client.Protocol;

/// <summary>For answers that say no more than that the request was executed.</summary>
internal struct NothingDecoder : IResponseDecoder<bool>
{
    public readonly bool Result => true;

    public readonly bool TryDecode(uint key, ref TarantoolReader reader) => false;
}

/// <summary>The data is a list of tuples, and all are wanted.</summary>
internal struct TuplesDecoder<T> : IResponseDecoder<T[]>
    where T : ITarantoolTuple<T>
{
    private T[]? _tuples;

    public readonly T[] Result => _tuples ?? throw MissingData.Exception();

    public bool TryDecode(uint key, ref TarantoolReader reader)
    {
        if (key != IprotoKey.Data)
            return false;
        _tuples = TarantoolReader.ReadTuples<T>(ref reader);
        return true;
    }
}

/// <summary>The data is a list of at most one tuple.</summary>
internal struct FirstTupleDecoder<T> : IResponseDecoder<T?>
    where T : ITarantoolTuple<T>
{
    private T? _tuple;
    private bool _hasData;

    public readonly T? Result => _hasData ? _tuple : throw MissingData.Exception();

    public bool TryDecode(uint key, ref TarantoolReader reader)
    {
        if (key != IprotoKey.Data)
            return false;
        _hasData = true;
        int count = reader.ReadArrayHeader();
        if (count > 0)
            _tuple = TarantoolReader.ReadTuple<T>(ref reader);
        for (int i = 1; i < count; i++)
            reader.SkipAny();
        return true;
    }
}

/// <summary>The data is a list of tuples, and there must be a first one.</summary>
internal struct StoredTupleDecoder<T> : IResponseDecoder<T>
    where T : ITarantoolTuple<T>
{
    private T? _tuple;
    private bool _hasTuple;

    public readonly T Result => _hasTuple ? _tuple! : throw MissingData.Exception();

    public bool TryDecode(uint key, ref TarantoolReader reader)
    {
        if (key != IprotoKey.Data)
            return false;
        int count = reader.ReadArrayHeader();
        if (count != 1)
            throw new TarantoolDataException(
                $"The request was executed, but returned {count} tuples instead of the stored one. A before_replace trigger of the space may have kept it out."
            );
        _tuple = TarantoolReader.ReadTuple<T>(ref reader);
        _hasTuple = true;
        return true;
    }
}

/// <summary>The data is a list of values, read as the fields of one tuple: what a function returned or pushed.</summary>
internal struct ValuesDecoder<T> : IResponseDecoder<T>
    where T : ITarantoolTuple<T>
{
    private T? _values;
    private bool _hasValues;

    public readonly T Result => _hasValues ? _values! : throw MissingData.Exception();

    public bool TryDecode(uint key, ref TarantoolReader reader)
    {
        if (key != IprotoKey.Data)
            return false;
        _values = TarantoolReader.ReadTuple<T>(ref reader);
        _hasValues = true;
        return true;
    }
}

/// <summary>An event of a watched key.</summary>
internal struct EventDecoder : IResponseDecoder<(string Key, TarantoolValue Value)>
{
    private string? _key;
    private TarantoolValue _value;

    public readonly (string Key, TarantoolValue Value) Result =>
        (_key ?? throw new TarantoolProtocolException("An event names no key."), _value);

    public bool TryDecode(uint key, ref TarantoolReader reader)
    {
        switch (key)
        {
            case IprotoKey.EventKey:
                TarantoolValue name = reader.ReadAny();
                _key = name.Kind == TarantoolValueKind.String ? name.AsString() : null;
                return true;
            case IprotoKey.EventData:
                _value = reader.ReadAny();
                return true;
            default:
                return false;
        }
    }
}

/// <summary>The answer to the ID request: what the server can do.</summary>
internal struct IdDecoder : IResponseDecoder<(int ProtocolVersion, IReadOnlySet<int> Features)>
{
    private int _version;
    private HashSet<int>? _features;

    public readonly (int ProtocolVersion, IReadOnlySet<int> Features) Result => (_version, _features ?? []);

    public bool TryDecode(uint key, ref TarantoolReader reader)
    {
        switch (key)
        {
            case IprotoKey.Version:
                _version = (int)reader.ReadKey();
                return true;
            case IprotoKey.Features:
                _features = [];
                for (int left = reader.ReadArrayHeader(); left > 0; left--)
                    _features.Add((int)reader.ReadKey());
                return true;
            default:
                return false;
        }
    }
}

/// <summary>The one way to say that an answer lacks its data.</summary>
internal static class MissingData
{
    public static TarantoolProtocolException Exception() => new("The body of an answer has no data.");
}
