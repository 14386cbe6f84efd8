using FastForward.Transport.Interop;

namespace FastForward.Transport.Cryptography;

/// <summary>
/// Pages of secrets, cut into slots: a page of its own for each key would cost more system calls than a handshake
/// otherwise takes. The pages stay mapped, and what is free in them is zero. Any thread may call it.
/// </summary>
internal static unsafe class SecretSlots
{
    /// <summary>Bytes of a slot: enough for a key schedule and for the state of a handshake.</summary>
    public const int Length = 1024;

    private const int ChunkLength = 64 * Length;

    private static readonly Lock s_one = new();
    private static readonly Stack<nint> s_free = new();

    /// <summary>A zeroed slot.</summary>
    public static nint Take()
    {
        lock (s_one)
        {
            if (s_free.Count == 0)
            {
                nint chunk = Map(ChunkLength);
                for (int offset = 0; offset < ChunkLength; offset += Length)
                    s_free.Push(chunk + offset);
            }

            return s_free.Pop();
        }
    }

    /// <param name="slot">A slot that was taken and is zero again.</param>
    public static void Return(nint slot)
    {
        lock (s_one)
            s_free.Push(slot);
    }

    /// <summary>Zeroed pages that core dumps do not contain.</summary>
    public static nint Map(int length)
    {
        void* start = LibC.Map(
            null,
            (nuint)length,
            LibC.PROT_READ | LibC.PROT_WRITE,
            LibC.MAP_PRIVATE | LibC.MAP_ANONYMOUS,
            -1,
            0
        );
        if (start == LibC.MapFailed)
            throw new InsufficientMemoryException($"No memory for a key: {LibC.Describe(LibC.LastError)}.");

        // Best effort: a kernel without core dumps refuses it.
        LibC.Advise(start, (nuint)length, LibC.MADV_DONTDUMP);
        return (nint)start;
    }
}
