using Tarantool.Client;

namespace FastForward.Transport.Registry.Tarantool;

/// <summary>What one server said.</summary>
/// <param name="Version">The writes that the rows are of; null when the server cannot say it (without
/// registry.lua).</param>
/// <param name="Content">The rows.</param>
/// <param name="IsReadOnly">The server takes no writes; null when it does not say.</param>
internal sealed record RegistryAnswer(RegistryVersion? Version, RegistryContent Content, bool? IsReadOnly)
{
    /// <summary>The function of registry.lua that reads.</summary>
    public const string Function = "fastforward.registry_read";

    private const int Format = 1;

    /// <summary>Reads what <see cref="Function"/> returned.</summary>
    /// <param name="result">The values that the function returned.</param>
    /// <param name="before">The server's content so far, to which differences refer.</param>
    /// <param name="types">The numbers of transport types.</param>
    /// <param name="state">The server's own name of its state, for the next call.</param>
    /// <exception cref="FormatException">The answer has another format.</exception>
    /// <exception cref="TarantoolDataException">A field has another type.</exception>
    public static RegistryAnswer Read(
        TarantoolTuple result,
        RegistryContent before,
        TransportTypeMap types,
        out string state
    )
    {
        IReadOnlyDictionary<TarantoolValue, TarantoolValue> map = result[0].AsMap();
        if (Get("format").AsInt64() != Format)
            throw new FormatException($"The answer has the format {Get("format")}, and this program knows {Format}.");
        if (!Guid.TryParse(Get("registry").AsString(), out Guid registry))
            throw new FormatException("The answer has no UUID of the registry.");
        state = Get("version").AsString();
        RegistryVersion version = new(registry, [.. Get("vclock").AsArray().Select(ReadWrites)]);
        return new RegistryAnswer(version, ReadContent(), Get("read_only").AsBoolean());

        TarantoolValue Get(string key) => map.GetValueOrDefault(key);

        RegistryContent ReadContent()
        {
            if (!Get("unchanged").IsNil && Get("unchanged").AsBoolean())
                return before;
            TarantoolTuple overridden = Get(nameof(RouteTable.OverriddenNodes)).AsArray();
            TarantoolTuple nodes = Get(nameof(RouteTable.Nodes)).AsArray();
            if (Get("complete").AsBoolean())
                return RegistryContent.Read(overridden, nodes, types);
            IReadOnlyDictionary<TarantoolValue, TarantoolValue> removed = Get("Removed").AsMap();
            return before.With(
                overridden,
                nodes,
                removed.GetValueOrDefault(nameof(RouteTable.OverriddenNodes)).AsArray(),
                removed.GetValueOrDefault(nameof(RouteTable.Nodes)).AsArray(),
                types
            );
        }
    }

    private static KeyValuePair<uint, ulong> ReadWrites(TarantoolValue value)
    {
        TarantoolTuple pair = value.AsArray();
        return new KeyValuePair<uint, ulong>(pair[0].AsUInt32(), pair[1].AsUInt64());
    }
}
