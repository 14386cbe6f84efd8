using System.Runtime.InteropServices;

namespace Tarantool.Client;

/// <summary>
/// Hash codes of values that a server chooses. All are made by the hash of strings, whose key is random for each
/// process, so that a server cannot choose keys that collide.
/// </summary>
internal static class ValueHash
{
    public static int Of(long first, long second)
    {
        ReadOnlySpan<long> words = [first, second];
        return string.GetHashCode(MemoryMarshal.Cast<long, char>(words));
    }

    public static int Of(ReadOnlySpan<byte> bytes)
    {
        int hash = string.GetHashCode(MemoryMarshal.Cast<byte, char>(bytes));
        return Of(hash, bytes.Length % 2 == 0 ? -1 : bytes[^1]);
    }

    /// <summary>The order of the values matters.</summary>
    public static int Of(ReadOnlySpan<TarantoolValue> values)
    {
        int hash = values.Length;
        foreach (TarantoolValue value in values)
            hash = Of(hash, value.GetHashCode());
        return hash;
    }

    /// <summary>The order of the pairs does not matter.</summary>
    public static int Of(IReadOnlyDictionary<TarantoolValue, TarantoolValue> map)
    {
        long sum = map.Count;
        foreach ((TarantoolValue key, TarantoolValue value) in map)
            sum += Of(key.GetHashCode(), value.GetHashCode());
        return Of(sum, 0);
    }
}
