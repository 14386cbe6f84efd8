using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using FastForward.Benchmarks.CrossProcess;
using Microsoft.Win32.SafeHandles;

namespace FastForward.Benchmarks.Bottleneck;

/// <summary>
/// Two network namespaces of the kernel, and between them a <see cref="NarrowRouter"/> that their packets reach by TUN
/// devices. Needs root, iproute2 and /dev/net/tun.
/// </summary>
internal sealed partial class BottleneckPath : IDisposable
{
    public static readonly IPAddress Near = IPAddress.Parse("10.97.0.1");
    public static readonly IPAddress Far = IPAddress.Parse("10.97.0.2");

    private const string Device = "path";
    private const int CLONE_NEWNET = 0x40000000;
    private const uint TUNSETIFF = 0x400454CA;
    private const short IFF_TUN = 0x0001;
    private const short IFF_NO_PI = 0x1000;

    private readonly NarrowRouter _router;

    public BottleneckPath(int megabits, int roundTripMillis)
    {
        try
        {
            foreach (IPAddress end in new[] { Near, Far })
                SetUp(end, end.Equals(Near) ? Far : Near);
            _router = new NarrowRouter(
                () => (OpenDevice(Near), OpenDevice(Far)),
                megabits * 125_000.0,
                roundTripMillis * 1_000_000L / 2
            );
        }
        catch
        {
            RemoveNamespaces();
            throw;
        }
    }

    /// <summary>Bytes of the packets that have passed the bottleneck.</summary>
    public long PassedBytes => _router.PassedBytes;

    /// <summary>Packets that the queue has dropped.</summary>
    public long Drops => _router.Drops;

    public void ThrowOnFailure() => _router.ThrowOnFailure();

    /// <summary>Moves the calling thread to one end: the sockets that it opens belong to it.</summary>
    public static void Enter(IPAddress end)
    {
        using SafeFileHandle there = File.OpenHandle($"/run/netns/{NamespaceOf(end)}");
        if (SetNamespace(there, CLONE_NEWNET) != 0)
            throw new BenchmarkFailure($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    public void Dispose()
    {
        _router.Dispose();
        RemoveNamespaces();
    }

    private static string NamespaceOf(IPAddress end) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"fastforward-{(end.Equals(Near) ? "near" : "far")}-{Environment.ProcessId}"
        );

    private static void SetUp(IPAddress end, IPAddress other)
    {
        string space = NamespaceOf(end);
        Ip("netns", "add", space);
        Ip("-netns", space, "tuntap", "add", "dev", Device, "mode", "tun");
        Ip("-netns", space, "address", "add", $"{end}", "peer", $"{other}", "dev", Device);
        Ip("-netns", space, "link", "set", Device, "txqueuelen", "1000", "up"); // the router drops, not the device
    }

    private static void RemoveNamespaces()
    {
        foreach (IPAddress end in new[] { Near, Far })
        {
            if (File.Exists($"/run/netns/{NamespaceOf(end)}"))
                Ip("netns", "delete", NamespaceOf(end));
        }
    }

    // Leaves the calling thread at that end.
    private static unsafe SafeFileHandle OpenDevice(IPAddress end)
    {
        Enter(end);
        SafeFileHandle device = File.OpenHandle("/dev/net/tun", FileMode.Open, FileAccess.ReadWrite);
        byte* request = stackalloc byte[40]; // struct ifreq: name and flags
        for (int i = 0; i < Device.Length; i++)
            request[i] = (byte)Device[i];
        *(short*)(request + 16) = IFF_TUN | IFF_NO_PI;
        if (Control(device, TUNSETIFF, request) != 0)
            throw new BenchmarkFailure($"TUNSETIFF: {Marshal.GetLastPInvokeErrorMessage()}");
        return device;
    }

    private static void Ip(params string[] arguments)
    {
        try
        {
            using Process ip = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
            string errors = ip.StandardError.ReadToEnd();
            ip.WaitForExit();
            if (ip.ExitCode != 0)
                throw new BenchmarkFailure($"ip {string.Join(' ', arguments)}: {errors.Trim()} (root is needed)");
        }
        catch (Win32Exception)
        {
            throw new BenchmarkFailure("ip is not in PATH (Debian: apt-get install iproute2)");
        }
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle descriptor, int type);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static unsafe partial int Control(SafeFileHandle descriptor, nuint request, void* argument);
}
