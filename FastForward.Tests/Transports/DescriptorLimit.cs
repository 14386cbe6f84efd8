using System.Runtime.InteropServices;

namespace FastForward.Tests.Transports;

/// <summary>RLIMIT_NOFILE of this process (getrlimit(2), setrlimit(2)).</summary>
internal static unsafe partial class DescriptorLimit
{
    private const int OpenFiles = 7;

    public static (ulong Soft, ulong Hard) Get()
    {
        ulong* limits = stackalloc ulong[2];
        Assert.That(GetLimit(OpenFiles, limits), Is.Zero);
        return (limits[0], limits[1]);
    }

    public static void Set(ulong soft, ulong hard)
    {
        ulong* limits = stackalloc ulong[2] { soft, hard };
        Assert.That(SetLimit(OpenFiles, limits), Is.Zero);
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, ulong* limits);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, ulong* limits);
}
