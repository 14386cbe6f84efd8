using System.Security.Cryptography;

namespace FastForward.Transport.Transports.Links;

/// <summary>
/// Hands out link indexes: all 32 bits random, never 0, unique among the living links of the process. On media without
/// connections an index is what a stranger must guess to reach a link, so no bit of it is spent on a slot number; the
/// hash table that finds the link costs a few nanoseconds beside a datagram's microseconds.
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
