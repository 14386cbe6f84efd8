using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Nerdbank.MessagePack;
using Tarantool.Client.Protocol;

namespace Tarantool.Client;

/// <summary>
/// Reads the fields of a tuple in order, directly from the receive buffer; returned values are copies. All methods
/// throw <see cref="TarantoolDataException"/> if the next field is missing or has another type.
/// </summary>
public ref struct TarantoolReader
{
    private MessagePackReader _reader;
    private int _fieldCount;
    private int _fieldsRead;
    private int _depth;
    private long _memory;

    /// <param name="bytes">The encoded values.</param>
    /// <param name="memory">How many bytes the decoded values may take.</param>
    internal TarantoolReader(ReadOnlyMemory<byte> bytes, long memory = long.MaxValue)
    {
        _reader = new MessagePackReader(bytes);
        _memory = memory;
    }

    /// <summary>The number of fields of the tuple.</summary>
    public readonly int FieldCount => _fieldCount;

    /// <summary>The number of unread fields.</summary>
    public readonly int FieldsLeft => _fieldCount - _fieldsRead;

    internal readonly bool End => _reader.End;

    /// <summary>Skips the next field if it is nil.</summary>
    /// <returns>Whether it was nil.</returns>
    public bool TryReadNil()
    {
        if (FieldsLeft == 0 || !_reader.TryReadNil())
            return false;
        _fieldsRead++;
        return true;
    }

    /// <summary>Reads a Boolean.</summary>
    /// <returns>The value.</returns>
    public bool ReadBoolean()
    {
        Next(MessagePackType.Boolean);
        return _reader.ReadBoolean();
    }

    /// <summary>Reads an integer.</summary>
    /// <returns>The value.</returns>
    public int ReadInt32() =>
        ReadInt64() is var value and >= int.MinValue and <= int.MaxValue ? (int)value : throw OutOfRange(nameof(Int32));

    /// <summary>Reads an integer.</summary>
    /// <returns>The value.</returns>
    public uint ReadUInt32() =>
        ReadUInt64() is var value and <= uint.MaxValue ? (uint)value : throw OutOfRange(nameof(UInt32));

    /// <summary>Reads an integer.</summary>
    /// <returns>The value.</returns>
    public long ReadInt64()
    {
        Next(MessagePackType.Integer);
        if (_reader.NextCode != MessagePackCode.UInt64)
            return _reader.ReadInt64();
        return _reader.ReadUInt64() is var value and <= long.MaxValue ? (long)value : throw OutOfRange(nameof(Int64));
    }

    /// <summary>Reads an integer.</summary>
    /// <returns>The value.</returns>
    public ulong ReadUInt64()
    {
        Next(MessagePackType.Integer);
        if (_reader.NextCode == MessagePackCode.UInt64)
            return _reader.ReadUInt64();
        return _reader.ReadInt64() is var value and >= 0 ? (ulong)value : throw OutOfRange(nameof(UInt64));
    }

    /// <summary>Reads a number; integers are converted, because Lua sends 1.0 as 1.</summary>
    /// <returns>The value.</returns>
    public double ReadDouble()
    {
        if (FieldsLeft > 0 && _reader.NextMessagePackType == MessagePackType.Integer)
            return ReadValue().AsDouble();
        Next(MessagePackType.Float);
        return _reader.ReadDouble();
    }

    /// <summary>
    /// Reads a string. Invalid UTF-8 is replaced; use <see cref="ReadBytes"/> to get the bytes unchanged.
    /// </summary>
    /// <returns>The value.</returns>
    public string ReadString()
    {
        Next(MessagePackType.String);
        ReadOnlySequence<byte> bytes = _reader.ReadStringSequence()!.Value;
        Charge(DecodedSize.Text(bytes.Length));
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>Reads a string, or <see langword="null"/> if the field is nil.</summary>
    /// <returns>The value.</returns>
    public string? ReadStringOrNull() => TryReadNil() ? null : ReadString();

    /// <summary>Reads binary data, or the bytes of a string.</summary>
    /// <returns>The value, a copy.</returns>
    public byte[] ReadBytes()
    {
        if (FieldsLeft > 0 && _reader.NextMessagePackType == MessagePackType.String)
        {
            Next(MessagePackType.String);
            return Copy(_reader.ReadStringSequence()!.Value);
        }

        Next(MessagePackType.Binary);
        return Copy(_reader.ReadBytes()!.Value);
    }

    /// <summary>Reads a UUID.</summary>
    /// <returns>The value.</returns>
    public Guid ReadGuid()
    {
        Span<byte> data = stackalloc byte[ExtensionCodec.UuidSize];
        return ExtensionCodec.ReadGuid(data[..ReadExtension(ExtensionCodec.UuidType, data)]);
    }

    /// <summary>Reads a decimal number; integers are converted.</summary>
    /// <returns>The value.</returns>
    public decimal ReadDecimal() => ReadValue().AsDecimal();

    /// <summary>Reads a date and time; fractions below 100 ns and the time zone's name are dropped.</summary>
    /// <returns>The value.</returns>
    public DateTimeOffset ReadDateTimeOffset()
    {
        Span<byte> data = stackalloc byte[ExtensionCodec.MaxDateTimeSize];
        return ExtensionCodec.ReadDateTime(data[..ReadExtension(ExtensionCodec.DateTimeType, data)]);
    }

    /// <summary>Reads a field that is a tuple.</summary>
    /// <typeparam name="T">The tuple's type.</typeparam>
    /// <returns>The value.</returns>
    public T ReadTuple<T>()
        where T : ITarantoolTuple<T>
    {
        Next(MessagePackType.Array);
        return ReadTuple<T>(ref this);
    }

    /// <summary>Reads a field that is a list of tuples, such as the result of a <c>select</c> in Lua.</summary>
    /// <typeparam name="T">The tuples' type.</typeparam>
    /// <returns>The values.</returns>
    public T[] ReadTuples<T>()
        where T : ITarantoolTuple<T>
    {
        Next(MessagePackType.Array);
        return ReadTuples<T>(ref this);
    }

    /// <summary>Reads a field of any kind.</summary>
    /// <returns>The value.</returns>
    public TarantoolValue ReadValue()
    {
        Next();
        return ReadAny();
    }

    /// <summary>Skips one field.</summary>
    public void Skip()
    {
        Next();
        Skipper.Skip(ref _reader);
    }

    /// <summary>
    /// Reads one tuple including its header; fields that <typeparamref name="T"/> does not read are skipped.
    /// </summary>
    internal static T ReadTuple<T>(ref TarantoolReader reader)
        where T : ITarantoolTuple<T>
    {
        (int outerCount, int outerRead) = (reader._fieldCount, reader._fieldsRead);
        reader.Enter();
        reader._fieldCount = reader._reader.ReadArrayHeader();
        reader._fieldsRead = 0;
        T value = T.Read(ref reader);
        while (reader.FieldsLeft > 0)
            reader.Skip();
        reader._depth--;
        (reader._fieldCount, reader._fieldsRead) = (outerCount, outerRead);
        return value;
    }

    internal static T[] ReadTuples<T>(ref TarantoolReader reader)
        where T : ITarantoolTuple<T>
    {
        int count = reader._reader.ReadArrayHeader();
        reader.Charge(DecodedSize.Array<T>(count));
        T[] values = new T[count];
        for (int i = 0; i < values.Length; i++)
        {
            if (reader._reader.NextMessagePackType != MessagePackType.Array)
                throw new TarantoolDataException(
                    $"Expected a list of tuples, but element {i} is of type {reader._reader.NextMessagePackType}."
                );
            values[i] = ReadTuple<T>(ref reader);
        }

        return values;
    }

    internal int ReadMapHeader() => _reader.ReadMapHeader();

    internal int ReadArrayHeader() => _reader.ReadArrayHeader();

    internal uint ReadKey() =>
        ReadAny() is { Kind: TarantoolValueKind.Integer } key && key.AsDouble() is >= 0 and <= uint.MaxValue
            ? key.AsUInt32()
            : throw new MessagePackSerializationException("A key of a body is not an unsigned 32-bit integer.");

    internal void SkipAny() => Skipper.Skip(ref _reader);

    internal TarantoolValue ReadAny()
    {
        switch (_reader.NextMessagePackType)
        {
            case MessagePackType.Nil:
                _reader.ReadNil();
                return TarantoolValue.Nil;
            case MessagePackType.Boolean:
                return _reader.ReadBoolean();
            case MessagePackType.Integer when _reader.NextCode == MessagePackCode.UInt64:
                return _reader.ReadUInt64();
            case MessagePackType.Integer:
                return _reader.ReadInt64();
            case MessagePackType.Float:
                return _reader.ReadDouble();
            case MessagePackType.String:
                return ReadText(_reader.ReadStringSequence()!.Value);
            case MessagePackType.Binary:
                return Copy(_reader.ReadBytes()!.Value);
            case MessagePackType.Array:
                return ReadArray();
            case MessagePackType.Map:
                return ReadMap();
            case MessagePackType.Extension:
                Extension extension = _reader.ReadExtension();
                Charge(DecodedSize.Extension(extension.Data.Length));
                return new TarantoolExtension(extension.Header.TypeCode, extension.Data.ToArray());
            default:
                throw new MessagePackSerializationException(
                    $"The byte 0x{_reader.NextCode:x2} does not start a MessagePack value."
                );
        }
    }

    /// <summary>Counts memory that is about to be allocated for values.</summary>
    internal void Charge(long bytes)
    {
        if (bytes > _memory)
            throw new TarantoolDataException(
                "The values of the response take more memory than "
                    + $"{nameof(TarantoolClientOptions)}.{nameof(TarantoolClientOptions.MaxResponseSize)}. "
                    + "Select less at a time or raise the limit."
            );
        _memory -= bytes;
    }

    private byte[] Copy(ReadOnlySequence<byte> bytes)
    {
        Charge(DecodedSize.Bytes(bytes.Length));
        return bytes.ToArray();
    }

    private TarantoolValue ReadText(ReadOnlySequence<byte> bytes)
    {
        Charge(DecodedSize.Text(bytes.Length));
        ReadOnlySpan<byte> span = bytes.IsSingleSegment ? bytes.FirstSpan : bytes.ToArray();
        return Utf8.IsValid(span) ? Encoding.UTF8.GetString(span) : span.ToArray();
    }

    private TarantoolValue ReadArray()
    {
        Enter();
        int count = _reader.ReadArrayHeader();
        if (count == 0)
        {
            _depth--;
            return TarantoolTuple.Empty;
        }

        Charge(DecodedSize.List(count));
        TarantoolValue[] values = new TarantoolValue[count];
        for (int i = 0; i < values.Length; i++)
            values[i] = ReadAny();
        _depth--;
        return new TarantoolTuple(values);
    }

    private TarantoolValue ReadMap()
    {
        Enter();
        int count = _reader.ReadMapHeader();
        Charge(DecodedSize.Map(count));
        Dictionary<TarantoolValue, TarantoolValue> map = new(count);
        for (int i = 0; i < count; i++)
        {
            TarantoolValue key = ReadAny().AsKey();
            map[key] = ReadAny();
        }

        _depth--;
        return map;
    }

    private int ReadExtension(sbyte type, scoped Span<byte> destination)
    {
        Next(MessagePackType.Extension);
        Extension extension = _reader.ReadExtension();
        if (extension.Header.TypeCode != type || extension.Header.Length > destination.Length)
            throw new TarantoolDataException(
                $"Field {_fieldsRead}: expected an extension of type {type} and at most {destination.Length} bytes, "
                    + $"but found type {extension.Header.TypeCode} and {extension.Header.Length} bytes."
            );
        extension.Data.CopyTo(destination);
        return (int)extension.Data.Length;
    }

    private void Next()
    {
        if (FieldsLeft <= 0)
            throw new TarantoolDataException($"The tuple has only {_fieldCount} fields, but one more was read.");
        _fieldsRead++;
    }

    private void Next(MessagePackType expected)
    {
        // On a type mismatch the field stays unread, so that the caller can try another type.
        if (FieldsLeft > 0 && _reader.NextMessagePackType is var found && found != expected)
            throw new TarantoolDataException(
                $"Field {_fieldsRead + 1} (counted from 1): expected {expected}, but found {found}."
            );
        Next();
    }

    private void Enter()
    {
        if (++_depth > Depth.Max)
            throw new TarantoolDataException($"Values nest deeper than {Depth.Max} levels.");
    }

    private readonly TarantoolDataException OutOfRange(string type) =>
        new($"Field {_fieldsRead} (counted from 1): the integer does not fit into {type}.");
}
