using Tarantool.Client;

namespace FastForward.Tests.Tarantool;

/// <summary>A typed tuple, written as in user code.</summary>
internal sealed record City(uint Id, string Name, ulong People) : ITarantoolTuple<City>
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
