namespace Tarantool.Client;

/// <summary>How a select iterates over an index; values from the server's <c>iterator_type.h</c>.</summary>
public enum TarantoolIterator
{
    /// <summary>Equal to the key, ascending; with an empty key, all.</summary>
    Eq = 0,

    /// <summary>Equal to the key, descending.</summary>
    Req = 1,

    /// <summary>All tuples.</summary>
    All = 2,

    /// <summary>Less than the key, descending.</summary>
    Lt = 3,

    /// <summary>Less than or equal to the key, descending.</summary>
    Le = 4,

    /// <summary>Greater than or equal to the key, ascending.</summary>
    Ge = 5,

    /// <summary>Greater than the key, ascending.</summary>
    Gt = 6,

    /// <summary>BITSET: all bits of the key are set.</summary>
    BitsAllSet = 7,

    /// <summary>BITSET: any bit of the key is set.</summary>
    BitsAnySet = 8,

    /// <summary>BITSET: no bit of the key is set.</summary>
    BitsAllNotSet = 9,

    /// <summary>RTREE: overlaps the rectangle of the key.</summary>
    Overlaps = 10,

    /// <summary>RTREE: nearest to the point of the key first.</summary>
    Neighbor = 11,
}
