using System.Security.Cryptography;

namespace FastForward.Transport.Transports.Links;

/// <summary>
/// Allocates link indexes: 32 random bits, never 0, unique among the open links of the process. Thread-safe, since
/// several nodes may run in one process. On media without connections an attacker has to guess an index to reach a
/// link, so no bit is used for a table slot; the hash table lookup takes nanoseconds where a datagram takes
/// microseconds.
/// </summary>
internal static class LinkIndexes
{
    private static readonly Lock s_gate = new();
    private static readonly HashSet<uint> s_taken = [];

    public static uint Take()
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        while (true)
        {
            RandomNumberGenerator.Fill(bytes);
            uint index = BitConverter.ToUInt32(bytes);
            if (index == 0)
                continue;
            lock (s_gate)
            {
                if (s_taken.Add(index))
                    return index;
            }
        }
    }

    public static void Return(uint index)
    {
        lock (s_gate)
        {
            s_taken.Remove(index);
        }
    }
}
