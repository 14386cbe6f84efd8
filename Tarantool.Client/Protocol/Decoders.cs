namespace Tarantool.Client.Protocol;

/// <summary>Ignores the body: the response only confirms that the request was executed.</summary>
internal struct NothingDecoder : IResponseDecoder<bool>
{
    public readonly bool Result => true;

    public readonly bool TryDecode(uint key, ref TarantoolReader reader) => false;
}

/// <summary>The data is a list of tuples; returns all.</summary>
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

/// <summary>The data is a list of tuples; returns the first one or the default value.</summary>
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

/// <summary>The data is a list with exactly one tuple: the stored one.</summary>
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
                $"The request was executed, but returned {count} tuples instead of the stored one. "
                    + "A before_replace trigger of the space may have suppressed it."
            );
        _tuple = TarantoolReader.ReadTuple<T>(ref reader);
        _hasTuple = true;
        return true;
    }
}

/// <summary>
/// The data is the list of values that a function returned or pushed, read as the fields of one tuple.
/// </summary>
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

/// <summary>The data is a list with the value of a key, or empty if the key is not set.</summary>
internal struct KeyValueDecoder : IResponseDecoder<TarantoolValue>
{
    private TarantoolValue _value;
    private bool _hasData;

    public readonly TarantoolValue Result => _hasData ? _value : throw MissingData.Exception();

    public bool TryDecode(uint key, ref TarantoolReader reader)
    {
        if (key != IprotoKey.Data)
            return false;
        _hasData = true;
        int count = reader.ReadArrayHeader();
        if (count > 0)
            _value = reader.ReadAny();
        for (int i = 1; i < count; i++)
            reader.SkipAny();
        return true;
    }
}

/// <summary>An EVENT: key and value of a watched key.</summary>
internal struct EventDecoder : IResponseDecoder<(string Key, TarantoolValue Value)>
{
    private EventKeyDecoder _key;
    private TarantoolValue _value;

    public readonly (string Key, TarantoolValue Value) Result => (_key.Result, _value);

    public bool TryDecode(uint key, ref TarantoolReader reader)
    {
        switch (key)
        {
            case IprotoKey.EventData:
                _value = reader.ReadAny();
                return true;
            default:
                return _key.TryDecode(key, ref reader);
        }
    }
}

/// <summary>The key of an EVENT whose value cannot be decoded.</summary>
internal struct EventKeyDecoder : IResponseDecoder<string>
{
    private string? _key;

    public readonly string Result => _key ?? throw new TarantoolProtocolException("An event has no key.");

    public bool TryDecode(uint key, ref TarantoolReader reader)
    {
        if (key != IprotoKey.EventKey)
            return false;
        TarantoolValue name = reader.ReadAny();
        _key = name.Kind == TarantoolValueKind.String ? name.AsString() : null;
        return true;
    }
}

/// <summary>The response to ID: protocol version and features of the server.</summary>
internal struct IdDecoder : IResponseDecoder<(int ProtocolVersion, IReadOnlySet<int> Features)>
{
    // Servers know about ten. The numbers are their choice, and a set of many chosen ones is slow.
    private const int MaxFeatures = 256;

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
                int count = reader.ReadArrayHeader();
                if (count > MaxFeatures)
                    throw new TarantoolProtocolException($"The server lists {count} features.");
                for (int left = count; left > 0; left--)
                    _features.Add((int)reader.ReadKey());
                return true;
            default:
                return false;
        }
    }
}

/// <summary>The error for a response without data.</summary>
internal static class MissingData
{
    public static TarantoolProtocolException Exception() => new("The body of a response has no data.");
}
