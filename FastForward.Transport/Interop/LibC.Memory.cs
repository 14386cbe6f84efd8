using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>Memory that processes share: memfd_create(2), fcntl(2), fstatfs(2), mmap(2).</summary>
internal static unsafe partial class LibC
{
    public const uint MFD_CLOEXEC = 1;
    public const uint MFD_ALLOW_SEALING = 2;
    public const uint MFD_NOEXEC_SEAL = 8;
    public const int F_ADD_SEALS = 1033;
    public const int F_GET_SEALS = 1034;
    public const int F_SEAL_SEAL = 1;
    public const int F_SEAL_SHRINK = 2;
    public const int F_SEAL_GROW = 4;
    public const int F_SEAL_FUTURE_WRITE = 0x10;
    public const nint TMPFS_MAGIC = 0x01021994;
    public const int PROT_NONE = 0;
    public const int PROT_READ = 1;
    public const int PROT_WRITE = 2;
    public const int MAP_SHARED = 1;
    public const int MAP_PRIVATE = 2;
    public const int MAP_FIXED = 0x10;
    public const int MAP_ANONYMOUS = 0x20;
    public const int MAP_NORESERVE = 0x4000;
    public const int MAP_POPULATE = 0x8000;

    /// <summary>mmap(2) on failure.</summary>
    public static void* MapFailed => (void*)-1;

    /// <summary>memfd_create(2). The new descriptor's number, -1 on error.</summary>
    [LibraryImport(
        Library,
        EntryPoint = "memfd_create",
        SetLastError = true,
        StringMarshalling = StringMarshalling.Utf8
    )]
    public static partial int CreateMemory(string name, uint flags);

    /// <summary>fcntl(2) with an integer. Variadic in C; see <see cref="SystemCall"/>.</summary>
    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Control(Descriptor file, int command, int argument);

    /// <summary>fstatfs(2).</summary>
    [LibraryImport(Library, EntryPoint = "fstatfs", SetLastError = true)]
    public static partial int FileSystem(Descriptor file, FileSystemStatus* status);

    /// <summary>mmap(2) of a file.</summary>
    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    public static partial void* Map(
        void* address,
        nuint length,
        int protection,
        int flags,
        Descriptor file,
        nint offset
    );

    /// <summary>mmap(2) without a file, which is -1 then.</summary>
    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    public static partial void* Map(void* address, nuint length, int protection, int flags, int none, nint offset);

    /// <summary>munmap(2).</summary>
    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(void* address, nuint length);

    /// <summary>struct statfs (statfs(2)); only the field in use.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 120)]
    public struct FileSystemStatus
    {
        [FieldOffset(0)]
        public nint Type;
    }
}
