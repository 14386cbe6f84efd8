namespace Tarantool.Client;

/// <summary>
/// Identifies a space or an index by name or by number; both convert implicitly. Names are looked up in the server's
/// schema and cached until it changes; numbers are sent as they are. The default value is number 0, the primary index.
/// </summary>
public readonly record struct TarantoolId
{
    private TarantoolId(string? name, uint number)
    {
        Name = name;
        Number = number;
    }

    /// <summary>The name, or <see langword="null"/> if identified by number.</summary>
    public string? Name { get; }

    /// <summary>The number; 0 if identified by name.</summary>
    public uint Number { get; }

    /// <summary>Identifies by name.</summary>
    /// <param name="name">The name, as in <c>box.space.NAME</c>; case-sensitive.</param>
    /// <exception cref="ArgumentException">The name is null or empty.</exception>
    public static implicit operator TarantoolId(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new TarantoolId(name, 0);
    }

    /// <summary>Identifies by number.</summary>
    /// <param name="number">The number; the first user space is 512, the primary index is 0.</param>
    public static implicit operator TarantoolId(uint number) => new(null, number);

    /// <summary>Identifies by number.</summary>
    /// <param name="number">The number; the first user space is 512, the primary index is 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static implicit operator TarantoolId(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        return new TarantoolId(null, (uint)number);
    }

    /// <summary>The quoted name, or the number.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Name is null ? $"{Number}" : $"'{Name}'";
}
