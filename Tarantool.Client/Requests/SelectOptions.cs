namespace Tarantool.Client;

/// <summary>Options of a select. The default value selects all matches in the primary index.</summary>
public readonly record struct SelectOptions
{
    private readonly uint? _limit;

    /// <summary>The index to use. Default: the primary index.</summary>
    public TarantoolId Index { get; init; }

    /// <summary>How to iterate over the index. Default: <see cref="TarantoolIterator.Eq"/>.</summary>
    public TarantoolIterator Iterator { get; init; }

    /// <summary>
    /// The maximum number of tuples to return. Default: no limit. A response above
    /// <see cref="TarantoolClientOptions.MaxResponseSize"/> closes the connection, so set a limit for large spaces.
    /// </summary>
    public uint Limit
    {
        get => _limit ?? uint.MaxValue;
        init => _limit = value;
    }

    /// <summary>The number of tuples to skip first; the server still iterates over them. Default: 0.</summary>
    public uint Offset { get; init; }
}
