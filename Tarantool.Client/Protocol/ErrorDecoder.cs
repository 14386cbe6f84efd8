using System.Text;

namespace Tarantool.Client.Protocol;

/// <summary>Decodes an error response: the text and, from servers since 2.4.1, the error stack.</summary>
internal struct ErrorDecoder(uint type) : IResponseDecoder<TarantoolServerException>
{
    // Keys of the map that holds the stack, and of its entries (the server's mp_error.cc).
    private const int StackKey = 0;
    private const int TypeKey = 0;
    private const int FileKey = 1;
    private const int LineKey = 2;
    private const int MessageKey = 3;
    private const int ErrnoKey = 4;
    private const int CodeKey = 5;
    private const int FieldsKey = 6;

    // Servers send a few; a longer stack is cut.
    private const int MaxEntries = 64;

    private static readonly Dictionary<TarantoolValue, TarantoolValue> s_noFields = [];

    private readonly int _code = (int)(type & ~ResponseType.ErrorFlag);
    private string? _text;
    private IReadOnlyList<TarantoolErrorInfo>? _stack;

    public readonly TarantoolServerException Result =>
        new(_code, _text ?? $"The server returned error {_code} without a message.", _stack ?? []);

    public bool TryDecode(uint key, ref TarantoolReader reader)
    {
        switch (key)
        {
            case IprotoKey.ErrorText:
                _text = Text(reader.ReadAny(), ref reader);
                return true;
            case IprotoKey.ErrorStack:
                _stack = Stack(reader.ReadAny(), ref reader);
                return true;
            default:
                return false;
        }
    }

    private static List<TarantoolErrorInfo> Stack(TarantoolValue value, ref TarantoolReader reader)
    {
        List<TarantoolErrorInfo> stack = new();
        if (Field(value, StackKey) is { Kind: TarantoolValueKind.Array } entries)
        {
            foreach (TarantoolValue entry in entries.AsArray().Take(MaxEntries))
                stack.Add(Entry(entry, ref reader));
        }

        return stack;
    }

    private static TarantoolErrorInfo Entry(TarantoolValue entry, ref TarantoolReader reader) =>
        new(
            Text(Field(entry, TypeKey), ref reader),
            Text(Field(entry, FileKey), ref reader),
            Number(Field(entry, LineKey)),
            Text(Field(entry, MessageKey), ref reader),
            Number(Field(entry, ErrnoKey)),
            Number(Field(entry, CodeKey)),
            Field(entry, FieldsKey) is { Kind: TarantoolValueKind.Map } fields ? fields.AsMap() : s_noFields
        );

    private static TarantoolValue Field(TarantoolValue map, int key) =>
        map.Kind == TarantoolValueKind.Map && map.AsMap().TryGetValue(key, out TarantoolValue value) ? value : default;

    // The error must reach the caller in any case, so unexpected content is described rather than rejected. What is
    // copied counts as memory of the response.
    private static string Text(TarantoolValue value, ref TarantoolReader reader)
    {
        switch (value.Kind)
        {
            case TarantoolValueKind.String:
                return value.AsString();
            case TarantoolValueKind.Binary:
                ReadOnlyMemory<byte> bytes = value.AsBinary();
                reader.Charge(DecodedSize.Text(bytes.Length));
                return Encoding.UTF8.GetString(bytes.Span);
            case TarantoolValueKind.Nil:
                return "";
            case TarantoolValueKind.Array or TarantoolValueKind.Map or TarantoolValueKind.Extension:
                return $"({value.Kind})";
            default:
                return value.ToString();
        }
    }

    private static int Number(TarantoolValue value) =>
        value.Kind == TarantoolValueKind.Integer && value.AsDouble() is >= int.MinValue and <= int.MaxValue
            ? value.AsInt32()
            : 0;
}
