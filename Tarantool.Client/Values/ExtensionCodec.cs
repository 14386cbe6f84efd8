using System.Buffers.Binary;
using System.Globalization;

namespace Tarantool.Client;

/// <summary>
/// Encodes and decodes the content of the server's MessagePack extensions, as documented for its binary protocol.
/// Content that does not fit the .NET type is reported as <see cref="TarantoolDataException"/>.
/// </summary>
internal static class ExtensionCodec
{
    public const sbyte DecimalType = 1;
    public const sbyte UuidType = 2;
    public const sbyte DateTimeType = 4;
    public const int UuidSize = 16;

    /// <summary>Scale, up to 29 digits and the sign: 1 + 15 bytes.</summary>
    public const int MaxDecimalSize = 16;

    public const int MaxDateTimeSize = 16;
    private const int NanosecondsPerTick = 100;

    public static void WriteGuid(Span<byte> destination, Guid value) =>
        value.TryWriteBytes(destination, bigEndian: true, out _);

    public static Guid ReadGuid(ReadOnlySpan<byte> data) =>
        data.Length == UuidSize
            ? new Guid(data, bigEndian: true)
            : throw new TarantoolDataException($"A UUID has 16 bytes, but {data.Length} were received.");

    /// <summary>Packed BCD: the scale, then one digit per nibble, with the sign in the last nibble.</summary>
    public static int WriteDecimal(Span<byte> destination, decimal value)
    {
        Span<char> digits = stackalloc char[32];
        UInt128 mantissa = Mantissa(value);
        mantissa.TryFormat(digits, out int count, default, CultureInfo.InvariantCulture);
        destination[0] = value.Scale;
        int size = 1 + count / 2 + 1;
        destination[1..size].Clear();
        int half = (size - 1) * 2 - 1;
        SetHalf(destination[1..], half, decimal.IsNegative(value) ? 0x0d : 0x0c);
        for (int i = count - 1; i >= 0; i--)
            SetHalf(destination[1..], --half, digits[i] - '0');
        return size;
    }

    public static decimal ReadDecimal(ReadOnlySpan<byte> data)
    {
        try
        {
            return UnpackDecimal(data);
        }
        catch (OverflowException exception)
        {
            throw TooLarge(exception);
        }
    }

    public static int WriteDateTime(Span<byte> destination, DateTimeOffset value)
    {
        long ticks = value.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        (long seconds, long rest) = Math.DivRem(ticks, TimeSpan.TicksPerSecond);
        if (rest < 0)
        {
            seconds--;
            rest += TimeSpan.TicksPerSecond;
        }

        BinaryPrimitives.WriteInt64LittleEndian(destination, seconds);
        if (rest == 0 && value.TotalOffsetMinutes == 0)
            return sizeof(long);
        BinaryPrimitives.WriteInt32LittleEndian(destination[8..], (int)rest * NanosecondsPerTick);
        BinaryPrimitives.WriteInt16LittleEndian(destination[12..], (short)value.TotalOffsetMinutes);
        BinaryPrimitives.WriteInt16LittleEndian(destination[14..], 0);
        return MaxDateTimeSize;
    }

    public static DateTimeOffset ReadDateTime(ReadOnlySpan<byte> data)
    {
        if (data.Length is not (sizeof(long) or MaxDateTimeSize))
            throw new TarantoolDataException($"A date and time has 8 or 16 bytes, but {data.Length} were received.");
        long seconds = BinaryPrimitives.ReadInt64LittleEndian(data);
        int nanoseconds = data.Length == sizeof(long) ? 0 : BinaryPrimitives.ReadInt32LittleEndian(data[8..]);
        int minutes = data.Length == sizeof(long) ? 0 : BinaryPrimitives.ReadInt16LittleEndian(data[12..]);
        try
        {
            return DateTimeOffset
                .FromUnixTimeSeconds(seconds)
                .AddTicks(nanoseconds / NanosecondsPerTick)
                .ToOffset(TimeSpan.FromMinutes(minutes));
        }
        catch (ArgumentException exception)
        {
            throw new TarantoolDataException("The date and time is outside the range of DateTimeOffset.", exception);
        }
    }

    private static decimal UnpackDecimal(ReadOnlySpan<byte> data)
    {
        (int scale, int used) = ReadScale(data);
        ReadOnlySpan<byte> packed = data[used..];
        if (packed.IsEmpty)
            throw BadDecimal();
        UInt128 mantissa = 0;
        int halves = packed.Length * 2;
        for (int i = 0; i < halves - 1; i++)
        {
            int digit = Half(packed, i);
            if (digit > 9)
                throw BadDecimal();
            mantissa = checked(mantissa * 10 + (uint)digit);
        }

        bool negative = Half(packed, halves - 1) switch
        {
            0x0a or 0x0c or 0x0e or 0x0f => false,
            0x0b or 0x0d => true,
            _ => throw BadDecimal(),
        };
        return Scaled(mantissa, scale, negative);
    }

    private static UInt128 Mantissa(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        return new UInt128((uint)bits[2], ((ulong)(uint)bits[1] << 32) | (uint)bits[0]);
    }

    private static decimal Scaled(UInt128 mantissa, int scale, bool negative)
    {
        // Trailing zeros beyond the precision of System.Decimal can be removed without changing the value.
        while (scale > 28 || (scale > 0 && mantissa >> 96 != 0))
        {
            (UInt128 quotient, UInt128 rest) = UInt128.DivRem(mantissa, 10);
            if (rest != 0)
                throw TooLarge(null);
            mantissa = quotient;
            scale--;
        }

        for (; scale < 0 && mantissa != 0; scale++)
            mantissa = checked(mantissa * 10);
        ulong low = (ulong)mantissa;
        uint high = checked((uint)(mantissa >> 64));
        return new decimal((int)low, (int)(low >> 32), (int)high, negative, (byte)Math.Max(scale, 0));
    }

    private static (int Scale, int Used) ReadScale(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
            throw BadDecimal();
        return data[0] switch
        {
            < 0x80 => (data[0], 1),
            >= 0xe0 => ((sbyte)data[0], 1),
            0xcc when data.Length > 1 => (data[1], 2),
            0xd0 when data.Length > 1 => ((sbyte)data[1], 2),
            _ => throw BadDecimal(),
        };
    }

    private static int Half(ReadOnlySpan<byte> packed, int index) =>
        index % 2 == 0 ? packed[index / 2] >> 4 : packed[index / 2] & 0x0f;

    private static void SetHalf(Span<byte> packed, int index, int value) =>
        packed[index / 2] |= (byte)(index % 2 == 0 ? value << 4 : value);

    private static TarantoolDataException BadDecimal() => new("The content of a decimal value is malformed.");

    private static TarantoolDataException TooLarge(Exception? cause) =>
        new("The decimal has more digits than System.Decimal can hold. Read it as an extension value instead.", cause);
}
