using System.Buffers.Binary;

namespace FastForward.Tests.Traffic;

/// <summary>The content of messages: a number, then bytes that depend on it and on their offset.</summary>
internal static class MessageContent
{
    public const int Smallest = sizeof(ulong);
    private const int IndexBits = 40;

    public static ulong NumberOf(int process, int index) => ((ulong)process << IndexBits) | (uint)index;

    public static (int Process, long Index) Split(ulong number) =>
        ((int)(number >> IndexBits), (long)(number & ((1UL << IndexBits) - 1)));

    public static void Fill(Span<byte> payload, ulong number)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(payload, number);
        for (int i = sizeof(ulong); i < payload.Length; i++)
            payload[i] = At(number, i);
    }

    public static bool TryRead(ReadOnlySpan<byte> payload, out ulong number)
    {
        if (!BinaryPrimitives.TryReadUInt64LittleEndian(payload, out number))
            return false;
        for (int i = sizeof(ulong); i < payload.Length; i++)
        {
            if (payload[i] != At(number, i))
                return false;
        }

        return true;
    }

    private static byte At(ulong number, int offset) =>
        (byte)((number * 31) + (ulong)(offset * 7) + (ulong)(offset >> 8));
}
