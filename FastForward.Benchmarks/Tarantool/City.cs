using Tarantool.Client;

namespace FastForward.Benchmarks.Tarantool;

/// <summary>A typed tuple whose only heap allocation is its name.</summary>
public readonly record struct City(uint Id, string Name, ulong People) : ITarantoolTuple<City>
{
    public static City Read(ref TarantoolReader reader) =>
        new(reader.ReadUInt32(), reader.ReadString(), reader.ReadUInt64());

    public void Write(ref TarantoolWriter writer)
    {
        writer.Write(Id);
        writer.Write(Name);
        writer.Write(People);
    }
}
