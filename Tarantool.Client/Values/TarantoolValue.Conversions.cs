namespace Tarantool.Client;

/// <content>How .NET values become <see cref="TarantoolValue"/>s.</content>
public readonly partial struct TarantoolValue
{
    /// <summary>Makes a truth value.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(bool value) => new(TarantoolValueKind.Boolean, value ? 1 : 0);

    /// <summary>Makes a whole number.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(byte value) => new(TarantoolValueKind.Integer, value);

    /// <summary>Makes a whole number.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(ushort value) => new(TarantoolValueKind.Integer, value);

    /// <summary>Makes a whole number.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(int value) => new(TarantoolValueKind.Integer, value);

    /// <summary>Makes a whole number.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(uint value) => new(TarantoolValueKind.Integer, value);

    /// <summary>Makes a whole number.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(long value) => new(TarantoolValueKind.Integer, value);

    /// <summary>Makes a whole number.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(ulong value) =>
        new(TarantoolValueKind.Integer, (long)value, isLarge: value > long.MaxValue);

    /// <summary>Makes a floating-point number.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(double value) =>
        new(TarantoolValueKind.Double, BitConverter.DoubleToInt64Bits(value));

    /// <summary>Makes text of one character, which would be a whole number otherwise.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(char value) => value.ToString();

    /// <summary>Makes text, or nil of <see langword="null"/>.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(string? value) =>
        value is null ? Nil : new(TarantoolValueKind.String, 0, value);

    /// <summary>Makes bytes, or nil of <see langword="null"/>. The array is not copied and must not change afterwards.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(byte[]? value) =>
        value is null ? Nil : new(TarantoolValueKind.Binary, 0, value);

    /// <summary>Makes a list, or nil of <see langword="null"/>.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(TarantoolTuple? value) =>
        value is null ? Nil : new(TarantoolValueKind.Array, 0, value);

    /// <summary>Makes a map, or nil of <see langword="null"/>. The dictionary is not copied and must not change afterwards.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(Dictionary<TarantoolValue, TarantoolValue>? value) =>
        value is null ? Nil : new(TarantoolValueKind.Map, 0, value);

    /// <summary>Makes an extension, or nil of <see langword="null"/>.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(TarantoolExtension? value) =>
        value is null ? Nil : new(TarantoolValueKind.Extension, 0, value);

    /// <summary>Makes a UUID.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(Guid value)
    {
        byte[] data = new byte[ExtensionCodec.UuidSize];
        ExtensionCodec.WriteGuid(data, value);
        return new TarantoolExtension(ExtensionCodec.UuidType, data);
    }

    /// <summary>Makes a decimal number.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(decimal value)
    {
        Span<byte> data = stackalloc byte[ExtensionCodec.MaxDecimalSize];
        int size = ExtensionCodec.WriteDecimal(data, value);
        return new TarantoolExtension(ExtensionCodec.DecimalType, data[..size].ToArray());
    }

    /// <summary>Makes a date and time (servers since 2.10).</summary>
    /// <param name="value">The value.</param>
    public static implicit operator TarantoolValue(DateTimeOffset value)
    {
        Span<byte> data = stackalloc byte[ExtensionCodec.MaxDateTimeSize];
        int size = ExtensionCodec.WriteDateTime(data, value);
        return new TarantoolExtension(ExtensionCodec.DateTimeType, data[..size].ToArray());
    }
}
