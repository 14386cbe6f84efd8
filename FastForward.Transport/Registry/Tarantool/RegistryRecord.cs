using System.Globalization;
using FastForward.Transport.Addressing;
using Tarantool.Client;

namespace FastForward.Transport.Registry.Tarantool;

/// <summary>One tuple of a registry's space: a row, or the reason why it is none.</summary>
internal sealed class RegistryRecord
{
    private const int MostFields = 8;
    private const string OverrideExample =
        "box.space.OverriddenNodes:replace({ 250012, 0, FORWARD_TRANSPORT_SOCKET, '', 54012 })";
    private const string NodeExample = "box.space.Nodes:replace({ 250012, 7, '192.0.2.12', 54012 })";

    private RegistryRecord(TarantoolTuple tuple, uint? node, RouteRow row, string? problem)
    {
        Tuple = tuple;
        Node = node;
        Row = row;
        Problem = problem;
    }

    /// <summary>What the registry has.</summary>
    public TarantoolTuple Tuple { get; }

    /// <summary>The node id; null when the tuple has none.</summary>
    public uint? Node { get; }

    /// <summary>The row; its address has not been parsed. Without meaning when there is a problem.</summary>
    public RouteRow Row { get; }

    /// <summary>The field, what is wrong, and a right example; null when nothing is.</summary>
    public string? Problem { get; }

    /// <summary>Reads a tuple; never throws, whatever it has.</summary>
    /// <param name="tuple">The fields.</param>
    /// <param name="table">The space they are of; in <see cref="RouteTable.Nodes"/> there is no transport type.</param>
    /// <param name="types">The numbers of transport types.</param>
    public static RegistryRecord Read(TarantoolTuple tuple, RouteTable table, TransportTypeMap types)
    {
        bool isOverride = table == RouteTable.OverriddenNodes;
        string example = isOverride ? OverrideExample : NodeExample;
        int place = 0;
        string? problem = null;
        uint node = ReadUInt32(Next(), "node id (field 1)", ref problem);
        uint? known = problem is null && node != 0 ? node : null;
        uint keyId = ReadUInt32(Next(), "key id (field 2)", ref problem);
        TransportKind kind = TransportKind.Ip;
        if (isOverride)
            kind = ReadKind(Next(), types, ref problem);
        string address = ReadAddress(Next(), place, ref problem);
        int port = (int)ReadUInt32(Next(), Field("port", place), ref problem);
        if (problem is null && port is < 1 or > 65_535)
            problem = string.Create(
                CultureInfo.InvariantCulture,
                $"{Field("port", place)} is {(uint)port}, which is none of 1 to 65535"
            );
        return new RegistryRecord(
            tuple,
            known,
            new RouteRow(node, keyId, kind, address, port),
            problem is null ? null : $"{problem}; a right one is {example}"
        );

        TarantoolValue? Next() => place++ < tuple.Count ? tuple[place - 1] : (TarantoolValue?)null;
    }

    /// <summary>The tuple in the operator's words.</summary>
    public string Describe()
    {
        string more = Tuple.Count > MostFields ? ", ..." : "";
        return $"{{ {string.Join(", ", Tuple.Take(MostFields).Select(DescribeValue))}{more} }}";
    }

    private static string Field(string name, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{name} (field {number})");

    private static uint ReadUInt32(TarantoolValue? value, string field, ref string? problem)
    {
        if (value is { Kind: TarantoolValueKind.Integer } number && IsUInt32(number, out uint result))
            return result;
        problem ??= value is null
            ? $"{field} is missing"
            : $"{field} is {DescribeValue(value.Value)}, which is no " + "number from 0 to 4294967295";
        return 0;
    }

    private static bool IsUInt32(TarantoolValue value, out uint result)
    {
        double number = value.AsDouble(); // exact up to 2^53
        result = number is >= 0 and <= uint.MaxValue ? (uint)number : 0;
        return number is >= 0 and <= uint.MaxValue;
    }

    private static TransportKind ReadKind(TarantoolValue? value, TransportTypeMap types, ref string? problem)
    {
        const string Field = "transport type (field 3)";
        if (value is null)
        {
            problem ??= $"{Field} is missing";
        }
        else if (value.Value.IsNil)
        {
            problem ??= $"{Field} is nil: a FORWARD_TRANSPORT_* name that does not exist is nil in Lua";
        }
        else if (
            value.Value is { Kind: TarantoolValueKind.Integer } number
            && IsUInt32(number, out uint type)
            && types.TryGetKind(type, out TransportKind kind)
        )
        {
            return kind;
        }
        else
        {
            IEnumerable<string> names = Enum.GetValues<TransportKind>().Select(TransportTypeMap.NameOf);
            problem ??= $"{Field} is {DescribeValue(value.Value)}, which is none of {string.Join(", ", names)}";
        }

        return default;
    }

    // A number is a CID of vSockets, and the absence of an address is an empty one.
    private static string ReadAddress(TarantoolValue? value, int place, ref string? problem)
    {
        if (value is null)
        {
            problem ??= $"{Field("address", place)} is missing";
            return "";
        }

        switch (value.Value.Kind)
        {
            case TarantoolValueKind.Nil:
                return "";
            case TarantoolValueKind.String:
                return value.Value.AsString();
            case TarantoolValueKind.Integer:
                return value.Value.ToString();
            default:
                problem ??=
                    $"{Field("address", place)} is {DescribeValue(value.Value)}, which is neither a text, a "
                    + "number nor nil";
                return "";
        }
    }

    private static string DescribeValue(TarantoolValue value) =>
        value.Kind switch
        {
            TarantoolValueKind.Nil => "nil",
            TarantoolValueKind.String => AddressText.Quote(value.AsString()),
            TarantoolValueKind.Integer or TarantoolValueKind.Boolean => value.ToString(),
            _ => $"a value of the type {value.Kind}",
        };
}
