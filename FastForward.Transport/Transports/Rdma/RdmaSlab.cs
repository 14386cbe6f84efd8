using System.Runtime.InteropServices;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Rdma;

/// <summary>
/// The memory of all links: allocated once, registered with each device, and divided into equal parts. A child process
/// does not get a copy of it, as the device would go on to use the pages of this one (MADV_DONTFORK, madvise(2)).
/// </summary>
internal sealed unsafe class RdmaSlab : IDisposable
{
    private const int PageSize = 4096;

    private readonly int _part;
    private readonly Stack<int> _free;

    public RdmaSlab(int part, int count)
    {
        _part = part;
        Length = (nuint)part * (nuint)count;
        Start = (byte*)NativeMemory.AlignedAlloc(Length, PageSize);
        LibC.Advise(Start, Length, LibC.MADV_DONTFORK); // best effort: kernels before 2.6.16 have no such advice
        _free = new Stack<int>(Enumerable.Range(0, count).Reverse());
    }

    public byte* Start { get; private set; }

    public nuint Length { get; }

    /// <summary>Takes the memory of one link; null when all of it is in use.</summary>
    public byte* Take() => _free.TryPop(out int number) ? Start + ((nint)number * _part) : null;

    public void Return(byte* part) => _free.Push((int)((part - Start) / _part));

    public void Dispose()
    {
        if (Start == null)
            return;
        LibC.Advise(Start, Length, LibC.MADV_DOFORK);
        NativeMemory.AlignedFree(Start);
        Start = null;
    }
}
