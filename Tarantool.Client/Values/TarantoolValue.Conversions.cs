namespace Tarantool.Client;

/// <content>Implicit conversions from .NET types.</content>
public readonly partial struct TarantoolValue
{
    /// <summary>Creates a Boolean.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(bool value) => new(TarantoolValueKind.Boolean, value ? 1 : 0);

    /// <summary>Creates an integer.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(byte value) => new(TarantoolValueKind.Integer, value);

    /// <summary>Creates an integer.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(ushort value) => new(TarantoolValueKind.Integer, value);

    /// <summary>Creates an integer.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(int value) => new(TarantoolValueKind.Integer, value);

    /// <summary>Creates an integer.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(uint value) => new(TarantoolValueKind.Integer, value);

    /// <summary>Creates an integer.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(long value) => new(TarantoolValueKind.Integer, value);

    /// <summary>Creates an integer.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(ulong value) =>
        new(TarantoolValueKind.Integer, (long)value, isLarge: value > long.MaxValue);

    /// <summary>Creates a floating-point number.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(double value) =>
        new(TarantoolValueKind.Double, BitConverter.DoubleToInt64Bits(value));

    /// <summary>Creates a string of one character; without this conversion it would become an integer.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(char value) => value.ToString();

    /// <summary>Creates a string, or nil from <see langword="null"/>.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(string? value) =>
        value is null ? Nil : new(TarantoolValueKind.String, 0, value);

    /// <summary>
    /// Creates binary data, or nil from <see langword="null"/>. The array is not copied and must not change afterwards.
    /// </summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(byte[]? value) =>
        value is null ? Nil : new(TarantoolValueKind.Binary, 0, value);

    /// <summary>Creates a list, or nil from <see langword="null"/>.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(TarantoolTuple? value) =>
        value is null ? Nil : new(TarantoolValueKind.Array, 0, value);

    /// <summary>
    /// Creates a map, or nil from <see langword="null"/>. The dictionary is not copied and must not change afterwards.
    /// </summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(Dictionary<TarantoolValue, TarantoolValue>? value) =>
        value is null ? Nil : new(TarantoolValueKind.Map, 0, value);

    /// <summary>Creates an extension, or nil from <see langword="null"/>.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(TarantoolExtension? value) =>
        value is null ? Nil : new(TarantoolValueKind.Extension, 0, value);

    /// <summary>Creates a UUID.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(Guid value)
    {
        byte[] data = new byte[ExtensionCodec.UuidSize];
        ExtensionCodec.WriteGuid(data, value);
        return new TarantoolExtension(ExtensionCodec.UuidType, data);
    }

    /// <summary>Creates a decimal number.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(decimal value)
    {
        Span<byte> data = stackalloc byte[ExtensionCodec.MaxDecimalSize];
        int size = ExtensionCodec.WriteDecimal(data, value);
        return new TarantoolExtension(ExtensionCodec.DecimalType, data[..size].ToArray());
    }

    /// <summary>Creates a date and time (servers since 2.10).</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(DateTimeOffset value)
    {
        Span<byte> data = stackalloc byte[ExtensionCodec.MaxDateTimeSize];
        int size = ExtensionCodec.WriteDateTime(data, value);
        return new TarantoolExtension(ExtensionCodec.DateTimeType, data[..size].ToArray());
    }
}
