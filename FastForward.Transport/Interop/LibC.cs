using System.Runtime.InteropServices;

namespace FastForward.Transport.Interop;

/// <summary>
/// The C library, one partial file per area. Calls return what the C function returns; errno is
/// <see cref="Marshal.GetLastSystemError"/>-safe through SetLastError and read with <see cref="LastError"/>.
/// </summary>
internal static unsafe partial class LibC
{
    private const string Library = "libc";

    /// <summary>errno of the last call made through this class on this thread.</summary>
    public static int LastError => Marshal.GetLastPInvokeError();

    /// <summary>close(2).</summary>
    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    /// <summary>read(2).</summary>
    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(Descriptor descriptor, void* buffer, nuint length);

    /// <summary>write(2).</summary>
    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(Descriptor descriptor, void* buffer, nuint length);

    /// <summary>The text of an errno (strerror(3)) and its number, for messages.</summary>
    public static string Describe(int error) => $"{Marshal.GetPInvokeErrorMessage(error)} (errno {error})";
}
