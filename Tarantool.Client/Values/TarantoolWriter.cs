using System.Buffers.Binary;
using Nerdbank.MessagePack;
using Tarantool.Client.Protocol;

namespace Tarantool.Client;

/// <summary>
/// Writes the fields of a tuple in order; see <see cref="ITarantoolTuple{TSelf}.Write"/>.
/// </summary>
public ref struct TarantoolWriter
{
    private const int MaxFixArray = 15;
    private readonly FrameBuffer _buffer;
    private MessagePackWriter _writer;
    private int _fields;
    private int _depth;

    internal TarantoolWriter(FrameBuffer buffer)
    {
        _buffer = buffer;
        _writer = new MessagePackWriter(buffer);
    }

    /// <summary>Writes nil.</summary>
    public void WriteNil()
    {
        _fields++;
        _writer.WriteNil();
    }

    /// <summary>Writes a Boolean.</summary>
    /// <param name="value">The value.</param>
    public void Write(bool value)
    {
        _fields++;
        _writer.Write(value);
    }

    /// <summary>Writes an integer.</summary>
    /// <param name="value">The value.</param>
    public void Write(long value)
    {
        _fields++;
        _writer.Write(value);
    }

    /// <summary>Writes an integer.</summary>
    /// <param name="value">The value.</param>
    public void Write(ulong value)
    {
        _fields++;
        _writer.Write(value);
    }

    /// <summary>Writes a floating-point number.</summary>
    /// <param name="value">The value.</param>
    public void Write(double value)
    {
        _fields++;
        _writer.Write(value);
    }

    /// <summary>Writes a string, or nil if <see langword="null"/>.</summary>
    /// <param name="value">The value.</param>
    public void Write(string? value)
    {
        _fields++;
        _writer.Write(value);
    }

    /// <summary>Writes binary data.</summary>
    /// <param name="value">The value.</param>
    public void Write(scoped ReadOnlySpan<byte> value)
    {
        _fields++;
        _writer.Write(value);
    }

    /// <summary>Writes a UUID.</summary>
    /// <param name="value">The value.</param>
    public void Write(Guid value)
    {
        Span<byte> data = stackalloc byte[ExtensionCodec.UuidSize];
        ExtensionCodec.WriteGuid(data, value);
        WriteExtension(ExtensionCodec.UuidType, data);
    }

    /// <summary>Writes a decimal number.</summary>
    /// <param name="value">The value.</param>
    public void Write(decimal value)
    {
        Span<byte> data = stackalloc byte[ExtensionCodec.MaxDecimalSize];
        WriteExtension(ExtensionCodec.DecimalType, data[..ExtensionCodec.WriteDecimal(data, value)]);
    }

    /// <summary>Writes a date and time (servers since 2.10).</summary>
    /// <param name="value">The value.</param>
    public void Write(DateTimeOffset value)
    {
        Span<byte> data = stackalloc byte[ExtensionCodec.MaxDateTimeSize];
        WriteExtension(ExtensionCodec.DateTimeType, data[..ExtensionCodec.WriteDateTime(data, value)]);
    }

    /// <summary>Writes a value of any kind.</summary>
    /// <param name="value">The value.</param>
    public void Write(TarantoolValue value)
    {
        switch (value.Kind)
        {
            case TarantoolValueKind.Nil:
                WriteNil();
                break;
            case TarantoolValueKind.Boolean:
                Write(value.AsBoolean());
                break;
            case TarantoolValueKind.Integer when value.IsLargeInteger:
                Write(value.AsUInt64());
                break;
            case TarantoolValueKind.Integer:
                Write(value.AsInt64());
                break;
            case TarantoolValueKind.Double:
                Write(value.AsDouble());
                break;
            case TarantoolValueKind.String:
                Write(value.AsString());
                break;
            case TarantoolValueKind.Binary:
                Write(value.AsBinary().Span);
                break;
            case TarantoolValueKind.Array:
                WriteTuple(value.AsArray());
                break;
            case TarantoolValueKind.Map:
                WriteMap(value.AsMap());
                break;
            default:
                TarantoolExtension extension = value.AsExtension();
                WriteExtension(extension.Type, extension.Data.Span);
                break;
        }
    }

    /// <summary>Writes a tuple as one field.</summary>
    /// <param name="tuple">The tuple.</param>
    /// <typeparam name="T">The tuple's type.</typeparam>
    /// <exception cref="ArgumentException">Values nest deeper than 128 levels.</exception>
    public void WriteTuple<T>(T tuple)
        where T : ITarantoolTuple<T>
    {
        int outerFields = _fields;
        Enter();
        _fields = 0;

        // The number of fields is not known yet: reserve one byte, which is enough for up to 15 fields.
        _writer.Flush();
        int start = _buffer.Length;
        _writer.WriteArrayHeader(0);
        tuple.Write(ref this);
        _writer.Flush();
        SetArrayHeader(start, _fields);

        _depth--;
        _fields = outerFields + 1;
    }

    /// <summary>Writes a list of tuples as one field.</summary>
    /// <param name="tuples">The tuples.</param>
    /// <typeparam name="T">The tuples' type.</typeparam>
    /// <exception cref="ArgumentException">Values nest deeper than 128 levels.</exception>
    public void WriteTuples<T>(scoped ReadOnlySpan<T> tuples)
        where T : ITarantoolTuple<T>
    {
        int outerFields = _fields;
        _writer.WriteArrayHeader(tuples.Length);
        foreach (T tuple in tuples)
            WriteTuple(tuple);
        _fields = outerFields + 1;
    }

    internal void WriteMapHeader(int count) => _writer.WriteMapHeader(count);

    internal void WriteArrayHeader(int count) => _writer.WriteArrayHeader(count);

    internal void WriteRawString(scoped ReadOnlySpan<byte> bytes) => _writer.WriteString(bytes);

    internal void WriteKey(byte key) => _writer.Write(key);

    internal void Flush() => _writer.Flush();

    private void WriteMap(IReadOnlyDictionary<TarantoolValue, TarantoolValue> map)
    {
        int outerFields = _fields;
        Enter();
        _writer.WriteMapHeader(map.Count);
        foreach (KeyValuePair<TarantoolValue, TarantoolValue> pair in map)
        {
            Write(pair.Key);
            Write(pair.Value);
        }

        _depth--;
        _fields = outerFields + 1;
    }

    private void WriteExtension(sbyte type, scoped ReadOnlySpan<byte> data)
    {
        _fields++;
        _writer.Write(new ExtensionHeader(type, (uint)data.Length));
        _writer.WriteRaw(data);
    }

    private void Enter()
    {
        if (++_depth > Depth.Max)
            throw new ArgumentException($"Values nest deeper than {Depth.Max} levels.");
    }

    private readonly void SetArrayHeader(int start, int count)
    {
        if (count <= MaxFixArray)
        {
            _buffer.Span[start] = (byte)(0x90 | count);
            return;
        }

        if (count <= ushort.MaxValue)
        {
            _buffer.InsertGap(start, sizeof(ushort));
            _buffer.Span[start] = 0xdc;
            BinaryPrimitives.WriteUInt16BigEndian(_buffer.Span[(start + 1)..], (ushort)count);
            return;
        }

        _buffer.InsertGap(start, sizeof(uint));
        _buffer.Span[start] = 0xdd;
        BinaryPrimitives.WriteUInt32BigEndian(_buffer.Span[(start + 1)..], (uint)count);
    }
}
