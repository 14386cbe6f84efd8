using System.Globalization;
using System.Text;

namespace Tarantool.Client;

/// <summary>
/// A value of any type that the server stores. Created by implicit conversion from .NET values and read with the
/// <c>As...</c> methods, which throw <see cref="TarantoolDataException"/> if the kind or range does not fit. The
/// default value is nil. Immutable; equality compares content.
/// </summary>
public readonly partial struct TarantoolValue : IEquatable<TarantoolValue>
{
    private readonly TarantoolValueKind _kind;

    /// <summary>True for integers above <see cref="long.MaxValue"/>, which use all 64 bits.</summary>
    private readonly bool _isLarge;

    /// <summary>The content of a scalar; of a map its hash code and <see cref="HashIsKnown"/>, or 0.</summary>
    private readonly long _bits;
    private readonly object? _object;

    private const long HashIsKnown = 1L << 32;

    private TarantoolValue(TarantoolValueKind kind, long bits, object? content = null, bool isLarge = false)
    {
        _kind = kind;
        _bits = bits;
        _object = content;
        _isLarge = isLarge;
    }

    /// <summary>The nil value.</summary>
    public static TarantoolValue Nil => default;

    /// <summary>The kind of the value.</summary>
    public TarantoolValueKind Kind => _kind;

    /// <summary>Whether the value is nil.</summary>
    public bool IsNil => _kind == TarantoolValueKind.Nil;

    /// <summary>Whether the value is an integer above <see cref="long.MaxValue"/>.</summary>
    internal bool IsLargeInteger => _isLarge;

    /// <summary>Compares content; 1 and 1.0 differ.</summary>
    /// <param name="left">One value.</param>
    /// <param name="right">The other.</param>
    /// <returns>Whether kind and content are the same.</returns>
    public static bool operator ==(TarantoolValue left, TarantoolValue right) => left.Equals(right);

    /// <summary>Compares content; 1 and 1.0 differ.</summary>
    /// <param name="left">One value.</param>
    /// <param name="right">The other.</param>
    /// <returns>Whether kind or content differ.</returns>
    public static bool operator !=(TarantoolValue left, TarantoolValue right) => !left.Equals(right);

    /// <summary>The Boolean.</summary>
    /// <returns>The value.</returns>
    /// <exception cref="TarantoolDataException">The value is of another kind.</exception>
    public bool AsBoolean() => Expect(TarantoolValueKind.Boolean)._bits != 0;

    /// <summary>The integer.</summary>
    /// <returns>The value.</returns>
    /// <exception cref="TarantoolDataException">The value is of another kind or does not fit.</exception>
    public int AsInt32() =>
        AsInt64() is var value and >= int.MinValue and <= int.MaxValue ? (int)value : throw OutOfRange("Int32");

    /// <summary>The integer.</summary>
    /// <returns>The value.</returns>
    /// <exception cref="TarantoolDataException">The value is of another kind or does not fit.</exception>
    public uint AsUInt32() => AsUInt64() is var value and <= uint.MaxValue ? (uint)value : throw OutOfRange("UInt32");

    /// <summary>The integer.</summary>
    /// <returns>The value.</returns>
    /// <exception cref="TarantoolDataException">The value is of another kind or does not fit.</exception>
    public long AsInt64() => Expect(TarantoolValueKind.Integer)._isLarge ? throw OutOfRange("Int64") : _bits;

    /// <summary>The integer.</summary>
    /// <returns>The value.</returns>
    /// <exception cref="TarantoolDataException">The value is of another kind or is negative.</exception>
    public ulong AsUInt64() =>
        Expect(TarantoolValueKind.Integer)._isLarge || _bits >= 0 ? (ulong)_bits : throw OutOfRange("UInt64");

    /// <summary>The number; integers are converted, because Lua sends 1.0 as 1.</summary>
    /// <returns>The value.</returns>
    /// <exception cref="TarantoolDataException">The value is of another kind.</exception>
    public double AsDouble() =>
        _kind switch
        {
            TarantoolValueKind.Integer => _isLarge ? (ulong)_bits : _bits,
            _ => BitConverter.Int64BitsToDouble(Expect(TarantoolValueKind.Double)._bits),
        };

    /// <summary>The string.</summary>
    /// <returns>The value.</returns>
    /// <exception cref="TarantoolDataException">The value is of another kind.</exception>
    public string AsString() => (string)Expect(TarantoolValueKind.String)._object!;

    /// <summary>
    /// Binary data, or the bytes of a string: a binary Lua string arrives as a string if it is valid UTF-8.
    /// </summary>
    /// <returns>The value.</returns>
    /// <exception cref="TarantoolDataException">The value is of another kind.</exception>
    public ReadOnlyMemory<byte> AsBinary() =>
        _kind == TarantoolValueKind.String
            ? Encoding.UTF8.GetBytes((string)_object!)
            : (byte[])Expect(TarantoolValueKind.Binary)._object!;

    /// <summary>The list.</summary>
    /// <returns>The value.</returns>
    /// <exception cref="TarantoolDataException">The value is of another kind.</exception>
    public TarantoolTuple AsArray() => (TarantoolTuple)Expect(TarantoolValueKind.Array)._object!;

    /// <summary>The map.</summary>
    /// <returns>The value.</returns>
    /// <exception cref="TarantoolDataException">The value is of another kind.</exception>
    public IReadOnlyDictionary<TarantoolValue, TarantoolValue> AsMap() =>
        (IReadOnlyDictionary<TarantoolValue, TarantoolValue>)Expect(TarantoolValueKind.Map)._object!;

    /// <summary>The extension in its encoded form.</summary>
    /// <returns>The value.</returns>
    /// <exception cref="TarantoolDataException">The value is of another kind.</exception>
    public TarantoolExtension AsExtension() => (TarantoolExtension)Expect(TarantoolValueKind.Extension)._object!;

    /// <summary>The UUID.</summary>
    /// <returns>The value.</returns>
    /// <exception cref="TarantoolDataException">The value is of another kind.</exception>
    public Guid AsGuid() => ExtensionCodec.ReadGuid(ExtensionData(ExtensionCodec.UuidType, "UUID"));

    /// <summary>The decimal number; integers are converted.</summary>
    /// <returns>The value.</returns>
    /// <exception cref="TarantoolDataException">The value is of another kind or has more than 28 digits.</exception>
    public decimal AsDecimal() =>
        _kind == TarantoolValueKind.Integer
            ? _isLarge
                ? (ulong)_bits
                : _bits
            : ExtensionCodec.ReadDecimal(ExtensionData(ExtensionCodec.DecimalType, "decimal"));

    /// <summary>The date and time; fractions below 100 ns and the time zone's name are dropped.</summary>
    /// <returns>The value.</returns>
    /// <exception cref="TarantoolDataException">The value is of another kind or outside the .NET range.</exception>
    public DateTimeOffset AsDateTimeOffset() =>
        ExtensionCodec.ReadDateTime(ExtensionData(ExtensionCodec.DateTimeType, "date and time"));

    /// <inheritdoc/>
    public bool Equals(TarantoolValue other) =>
        _kind == other._kind
        && _isLarge == other._isLarge
        && _kind switch
        {
            TarantoolValueKind.Binary => ((byte[])_object!).AsSpan().SequenceEqual((byte[])other._object!),
            TarantoolValueKind.Map => MapEquals(AsMap(), other.AsMap()),
            _ => _bits == other._bits && Equals(_object, other._object),
        };

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TarantoolValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        _kind switch
        {
            TarantoolValueKind.Map => _bits != 0 ? (int)_bits : ValueHash.Of(AsMap()),
            TarantoolValueKind.Binary => ValueHash.Of((byte[])_object!),
            _ when _object is not null => _object.GetHashCode(),
            _ => ValueHash.Of(_bits, (long)_kind + (_isLarge ? byte.MaxValue : 0)),
        };

    /// <summary>
    /// The same value, whose hash code is computed once: otherwise a map within keys within keys would be hashed once
    /// for each of them.
    /// </summary>
    internal TarantoolValue AsKey() =>
        _kind == TarantoolValueKind.Map && _bits == 0
            ? new TarantoolValue(_kind, HashIsKnown | (uint)ValueHash.Of(AsMap()), _object)
            : this;

    /// <summary>A representation for logs and debuggers; the format is not stable.</summary>
    /// <returns>The text.</returns>
    public override string ToString() =>
        _kind switch
        {
            TarantoolValueKind.Nil => "nil",
            TarantoolValueKind.Boolean => _bits != 0 ? "true" : "false",
            TarantoolValueKind.Integer when _isLarge => ((ulong)_bits).ToString(CultureInfo.InvariantCulture),
            TarantoolValueKind.Integer => _bits.ToString(CultureInfo.InvariantCulture),
            TarantoolValueKind.Double => AsDouble().ToString("R", CultureInfo.InvariantCulture),
            TarantoolValueKind.String => $"\"{_object}\"",
            TarantoolValueKind.Binary => $"0x{Convert.ToHexStringLower((byte[])_object!)}",
            TarantoolValueKind.Array => _object!.ToString()!,
            TarantoolValueKind.Map => $"{{{string.Join(", ", AsMap().Select(p => $"{p.Key}: {p.Value}"))}}}",
            _ => $"extension {AsExtension().Type} 0x{Convert.ToHexStringLower(AsExtension().Data.Span)}",
        };

    private static bool MapEquals(
        IReadOnlyDictionary<TarantoolValue, TarantoolValue> left,
        IReadOnlyDictionary<TarantoolValue, TarantoolValue> right
    ) =>
        left.Count == right.Count
        && left.All(pair => right.TryGetValue(pair.Key, out TarantoolValue value) && value.Equals(pair.Value));

    private ReadOnlySpan<byte> ExtensionData(sbyte type, string name)
    {
        TarantoolExtension extension = AsExtension();
        return extension.Type == type
            ? extension.Data.Span
            : throw new TarantoolDataException(
                $"Expected a {name}, but the value is an extension of type {extension.Type}."
            );
    }

    private TarantoolValue Expect(TarantoolValueKind kind) =>
        _kind == kind ? this : throw new TarantoolDataException($"Expected {kind}, but the value is {_kind}.");

    private TarantoolDataException OutOfRange(string type) => new($"The integer {this} does not fit into {type}.");
}
