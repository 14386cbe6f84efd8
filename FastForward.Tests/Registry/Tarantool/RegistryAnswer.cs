using FastForward.Tests.Tarantool;
using Tarantool.Client;

namespace FastForward.Tests.Registry.Tarantool;

/// <summary>An answer of <c>fastforward.registry_read</c>, with access by names.</summary>
internal sealed class RegistryAnswer(IReadOnlyDictionary<TarantoolValue, TarantoolValue> map)
{
    public IReadOnlyDictionary<TarantoolValue, TarantoolValue> Map => map;

    public string Version => map["version"].AsString();

    public string Registry => map["registry"].AsString();

    public string Instance => map["instance"].AsString();

    public bool IsReadOnly => map["read_only"].AsBoolean();

    public bool IsUnchanged => map.TryGetValue("unchanged", out TarantoolValue value) && value.AsBoolean();

    public bool IsComplete => map["complete"].AsBoolean();

    /// <summary>The number of changes that the instance has counted.</summary>
    public long Counter =>
        long.Parse(Version[(Version.LastIndexOf(':') + 1)..], System.Globalization.CultureInfo.InvariantCulture);

    public (uint Id, ulong Lsn)[] VClock =>
        [.. map["vclock"].AsArray().Select(pair => (pair.AsArray()[0].AsUInt32(), pair.AsArray()[1].AsUInt64()))];

    public static async Task<RegistryAnswer> ReadAsync(TarantoolClient client, string? version, double timeout)
    {
        TarantoolTuple values = await client
            .CallAsync("fastforward.registry_read", TarantoolTuple.Create(version, timeout))
            .InTime();
        Assert.That(values, Has.Count.EqualTo(1));
        return new RegistryAnswer(values[0].AsMap());
    }

    /// <summary>The rows of a space as texts.</summary>
    public string[] Rows(string space) => [.. map[space].AsArray().Select(row => row.ToString())];

    /// <summary>The ids that are no longer in a space.</summary>
    public ulong[] Removed(string space) => [.. map["Removed"].AsMap()[space].AsArray().Select(id => id.AsUInt64())];
}
