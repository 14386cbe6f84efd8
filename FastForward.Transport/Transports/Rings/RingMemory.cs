using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Rings;

/// <summary>
/// The memory of one direction of a link (memfd_create(2)): a page of words (<see cref="RingWord"/>), then a ring. The
/// side that writes it creates and seals it, so that it can be neither resized nor mapped for writing by others
/// (F_SEAL_FUTURE_WRITE, Linux 5.1); the other side maps it read-only. A page without access follows each mapping, so
/// that a read beyond the end is a fault and not a leak.
/// </summary>
internal sealed unsafe class RingMemory : IDisposable
{
    private const int Seals = LibC.F_SEAL_SEAL | LibC.F_SEAL_SHRINK | LibC.F_SEAL_GROW | LibC.F_SEAL_FUTURE_WRITE;

    private byte* _start;

    private RingMemory(byte* start, int capacity)
    {
        _start = start;
        Capacity = capacity;
    }

    /// <summary>The bytes of the ring, a power of two.</summary>
    public int Capacity { get; }

    public bool IsDisposed => _start == null;

    /// <summary>The page of words.</summary>
    public byte* Words => _start;

    /// <summary>The ring.</summary>
    public byte* Ring => _start + HeaderLength;

    // One page: the ring can begin on the next one.
    private static int HeaderLength => Environment.SystemPageSize;

    /// <summary>The bytes of memory that a ring needs.</summary>
    public static long SizeOf(int capacity) => HeaderLength + (long)capacity;

    /// <summary>Creates the memory of a ring that this process writes.</summary>
    /// <param name="capacity">See <see cref="Capacity"/>.</param>
    /// <param name="memory">The memory, mapped.</param>
    /// <param name="file">What the other side maps; the caller closes it.</param>
    /// <param name="problem">Why there is none.</param>
    public static bool TryCreate(
        int capacity,
        [NotNullWhen(true)] out RingMemory? memory,
        [NotNullWhen(true)] out Descriptor? file,
        [NotNullWhen(false)] out string? problem
    )
    {
        file = CreateFile();
        memory = null;
        problem = null;
        if (file.IsInvalid)
            problem = Failure("memfd_create");
        else if (LibC.Truncate(file, SizeOf(capacity)) != 0)
            problem = Failure("ftruncate");
        else if ((memory = Map(file, capacity, LibC.PROT_READ | LibC.PROT_WRITE)) is null)
            problem = Failure("mmap");
        else if (LibC.Control(file, LibC.F_ADD_SEALS, Seals) == 0)
            return true;
        else
            problem = Failure("F_ADD_SEALS");
        memory?.Dispose();
        file.Dispose();
        (memory, file) = (null, null);
        return false;
    }

    /// <summary>Maps what the other side has created, once it is known that it cannot shrink.</summary>
    /// <param name="file">Its descriptor; the caller closes it.</param>
    /// <param name="capacity">The size that the other side has announced.</param>
    /// <param name="memory">The memory, mapped read-only.</param>
    /// <param name="problem">What is wrong with it.</param>
    /// <param name="isFault">The other side is the reason, and not this process.</param>
    public static bool TryMap(
        Descriptor file,
        int capacity,
        [NotNullWhen(true)] out RingMemory? memory,
        [NotNullWhen(false)] out string? problem,
        out bool isFault
    )
    {
        memory = null;
        problem = FindFault(file, capacity);
        isFault = problem is not null;
        if (problem is not null)
            return false;
        memory = Map(file, capacity, LibC.PROT_READ);
        if (memory is not null)
            return true;
        problem = Failure("mmap");
        return false;
    }

    public void Dispose()
    {
        if (_start == null)
            return;
        LibC.Unmap(_start, Reserved(Capacity));
        _start = null;
    }

    // The flag is an error before Linux 6.3, and compulsory where vm.memfd_noexec is 2.
    private static Descriptor CreateFile()
    {
        const uint Flags = LibC.MFD_CLOEXEC | LibC.MFD_ALLOW_SEALING;
        int number = LibC.CreateMemory("FastForward ring", Flags | LibC.MFD_NOEXEC_SEAL);
        if (number < 0 && LibC.LastError == Errno.EINVAL)
            number = LibC.CreateMemory("FastForward ring", Flags);
        return new Descriptor(number);
    }

    // The seals come first: only files of tmpfs and hugetlbfs have any, and the kernel answers by itself. Other calls
    // could wait for the file system of a stranger. A page fault of hugetlbfs may fail.
    private static string? FindFault(Descriptor file, int capacity)
    {
        int seals = LibC.Control(file, LibC.F_GET_SEALS, 0);
        if (seals < 0)
            return "its descriptor is not of memory that can be sealed";
        if ((seals & Seals) != Seals)
            return $"its memory is not sealed (seals 0x{seals:x})";
        LibC.FileSystemStatus system;
        if (LibC.FileSystem(file, &system) != 0)
            return Failure("fstatfs");
        if (system.Type != LibC.TMPFS_MAGIC)
            return "its memory is not of tmpfs";
        LibC.FileStatus status;
        if (LibC.Status(file, "", LibC.AT_EMPTY_PATH, LibC.STATX_BASIC_STATS, &status) != 0)
            return Failure("statx");
        return status.Size == (ulong)SizeOf(capacity)
            ? null
            : $"its memory has {status.Size} bytes instead of {SizeOf(capacity)}";
    }

    // Reserved as a whole first, so that the page behind the memory is without access and no one else's.
    private static RingMemory? Map(Descriptor file, int capacity, int protection)
    {
        void* start = LibC.Map(
            null,
            Reserved(capacity),
            LibC.PROT_NONE,
            LibC.MAP_PRIVATE | LibC.MAP_ANONYMOUS | LibC.MAP_NORESERVE,
            -1,
            0
        );
        if (start == LibC.MapFailed)
            return null;
        // Populated, so that no message waits for a page.
        void* mapped = LibC.Map(
            start,
            (nuint)SizeOf(capacity),
            protection,
            LibC.MAP_SHARED | LibC.MAP_FIXED | LibC.MAP_POPULATE,
            file,
            0
        );
        if (mapped == LibC.MapFailed)
        {
            // The kernel may have given up the reservation, and another thread have mapped something there.
            int error = LibC.LastError;
            LibC.Unmap((byte*)start + SizeOf(capacity), (nuint)Environment.SystemPageSize);
            Marshal.SetLastPInvokeError(error);
            return null;
        }

        return new RingMemory((byte*)start, capacity);
    }

    private static nuint Reserved(int capacity) => (nuint)(SizeOf(capacity) + Environment.SystemPageSize);

    private static string Failure(string call) => $"{call} failed: {LibC.Describe(LibC.LastError)}";
}
