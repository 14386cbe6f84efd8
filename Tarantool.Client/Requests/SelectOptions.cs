namespace Tarantool.Client;

/// <summary>What a select takes beside the space and the key. The default value selects all matches of the primary index.</summary>
public readonly record struct SelectOptions
{
    private readonly uint? _limit;

    /// <summary>The index to use. Default: the primary index.</summary>
    public TarantoolId Index { get; init; }

    /// <summary>How to walk over the index. Default: <see cref="TarantoolIterator.Eq"/>.</summary>
    public TarantoolIterator Iterator { get; init; }

    /// <summary>
    /// How many tuples to return at most. Default: no limit, so that a large space ends in an answer above
    /// <see cref="TarantoolClientOptions.MaxResponseSize"/>, which costs the connection.
    /// </summary>
    public uint Limit
    {
        get => _limit ?? uint.MaxValue;
        init => _limit = value;
    }

    /// <summary>How many tuples to leave out first; the server still walks over them. Default: 0.</summary>
    public uint Offset { get; init; }
}
