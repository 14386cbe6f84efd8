using System.Collections;
using System.Runtime.CompilerServices;
using Tarantool.Client.Protocol;

namespace Tarantool.Client;

/// <summary>
/// An immutable list of values: a tuple, a key, the arguments or the results of a call. Supports collection
/// expressions: <c>[25011, "name", true]</c>. For custom types see <see cref="ITarantoolTuple{TSelf}"/>.
/// </summary>
[CollectionBuilder(typeof(TarantoolTuple), nameof(Create))]
public sealed class TarantoolTuple
    : IReadOnlyList<TarantoolValue>,
        IEquatable<TarantoolTuple>,
        ITarantoolTuple<TarantoolTuple>
{
    private readonly TarantoolValue[] _values;
    private int _hash; // 0 until it is computed

    internal TarantoolTuple(TarantoolValue[] values) => _values = values;

    /// <summary>The empty tuple.</summary>
    public static TarantoolTuple Empty { get; } = new([]);

    /// <summary>The number of fields.</summary>
    public int Count => _values.Length;

    /// <summary>Gets a field by its zero-based position.</summary>
    /// <param name="index">The position.</param>
    /// <exception cref="ArgumentOutOfRangeException">The tuple has no such field.</exception>
    public TarantoolValue this[int index] =>
        (uint)index < (uint)_values.Length
            ? _values[index]
            : throw new ArgumentOutOfRangeException(
                nameof(index),
                index,
                $"The tuple has {_values.Length} fields. The server omits unset fields at the end."
            );

    /// <summary>Creates a tuple with a copy of the given fields.</summary>
    /// <param name="values">The fields.</param>
    /// <returns>The tuple.</returns>
    public static TarantoolTuple Create(params ReadOnlySpan<TarantoolValue> values) =>
        values.IsEmpty ? Empty : new TarantoolTuple(values.ToArray());

    /// <inheritdoc/>
    public static TarantoolTuple Read(ref TarantoolReader reader)
    {
        if (reader.FieldCount == 0)
            return Empty;
        reader.Charge(DecodedSize.List(reader.FieldCount));
        TarantoolValue[] values = new TarantoolValue[reader.FieldCount];
        for (int i = 0; i < values.Length; i++)
            values[i] = reader.ReadValue();
        return new TarantoolTuple(values);
    }

    /// <inheritdoc/>
    public void Write(ref TarantoolWriter writer)
    {
        foreach (TarantoolValue value in _values)
            writer.Write(value);
    }

    /// <summary>The fields as a span.</summary>
    /// <returns>The fields.</returns>
    public ReadOnlySpan<TarantoolValue> AsSpan() => _values;

    /// <inheritdoc/>
    public bool Equals(TarantoolTuple? other) => other is not null && _values.AsSpan().SequenceEqual(other._values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TarantoolTuple);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        int hash = Volatile.Read(ref _hash);
        if (hash == 0)
            Volatile.Write(ref _hash, hash = ValueHash.Of(_values));
        return hash;
    }

    /// <inheritdoc/>
    public IEnumerator<TarantoolValue> GetEnumerator() => ((IEnumerable<TarantoolValue>)_values).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _values.GetEnumerator();

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", _values)}]";
}
