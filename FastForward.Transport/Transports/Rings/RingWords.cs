using System.Runtime.CompilerServices;

namespace FastForward.Transport.Transports.Rings;

/// <summary>The words in the first pages of two mapped memories.</summary>
/// <param name="own">The memory that this side writes.</param>
/// <param name="peer">The memory that the other side writes, mapped read-only.</param>
internal readonly unsafe struct RingWords(byte* own, byte* peer) : IRingWords
{
    private readonly byte* _own = own;
    private readonly byte* _peer = peer;

    public ulong Read(RingWord word) => Volatile.Read(ref Unsafe.AsRef<ulong>(_peer + (int)word));

    public void Write(RingWord word, ulong value) => Volatile.Write(ref Unsafe.AsRef<ulong>(_own + (int)word), value);

    public void Fence() => Interlocked.MemoryBarrier();
}
