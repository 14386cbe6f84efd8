using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FastForward.Tests.Lab;

/// <summary>
/// A network path of the kernel that loses, delays and reorders packets: two namespaces of the lab, see
/// <c>lab/guest/lossy-path</c>. Sockets created inside <see cref="At"/> belong to that end.
/// </summary>
internal sealed partial class LossyPath : IDisposable
{
    public static readonly IPAddress Near = IPAddress.Parse("10.98.0.1");
    public static readonly IPAddress Far = IPAddress.Parse("10.98.0.2");

    private const int CLONE_NEWNET = 0x40000000;

    public LossyPath(Netem netem)
    {
        Requires.Lab();
        Script(["up", .. netem.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
    }

    /// <summary>Packets from one end that the kernel has dropped so far.</summary>
    public static long DropsFrom(IPAddress end) => NumberOf("drops", end);

    /// <summary>Packets from one end that the kernel still delays.</summary>
    public static long WaitingFrom(IPAddress end) => NumberOf("waiting", end);

    /// <summary>
    /// Runs a function with the calling thread in the namespace of one end: <see cref="Near"/> or <see cref="Far"/>.
    /// </summary>
    public static T At<T>(IPAddress end, Func<T> action) => In(end.Equals(Near) ? "near" : "far", action);

    /// <summary>Runs a function with the calling thread in a namespace of ip-netns(8).</summary>
    public static T In<T>(string space, Func<T> action)
    {
        using SafeFileHandle home = File.OpenHandle("/proc/thread-self/ns/net");
        using SafeFileHandle there = File.OpenHandle($"/run/netns/{space}");
        Enter(there);
        try
        {
            return action();
        }
        finally
        {
            Enter(home);
        }
    }

    public void Dispose() => Script("down");

    private static void Enter(SafeFileHandle space)
    {
        if (SetNamespace(space, CLONE_NEWNET) != 0)
            throw new AssertionException($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    private static long NumberOf(string command, IPAddress end) =>
        long.Parse(Script(command).Split(' ')[end.Equals(Near) ? 0 : 1], CultureInfo.InvariantCulture);

    private static string Script(params string[] arguments) =>
        LabProgram.Run(Path.Combine(TestEnvironment.LabDirectory!, "guest", "lossy-path"), arguments);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle descriptor, int type);
}
