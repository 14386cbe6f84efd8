using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FastForward.Tests.Lab;

/// <summary>
/// A network path of the real kernel that loses, delays and reorders: two namespaces of the lab, see
/// <c>lab/guest/lossy-path</c>. Sockets made inside <see cref="At"/> belong to one end for their life.
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

    /// <summary>Packets of one end that the kernel lost so far.</summary>
    public static long DropsFrom(IPAddress end) => NumberOf("drops", end);

    /// <summary>Packets of one end that the kernel still delays.</summary>
    public static long WaitingFrom(IPAddress end) => NumberOf("waiting", end);

    /// <summary>Runs something with the calling thread at one end: <see cref="Near"/> or <see cref="Far"/>.</summary>
    public static T At<T>(IPAddress end, Func<T> action)
    {
        using SafeFileHandle home = File.OpenHandle("/proc/thread-self/ns/net");
        using SafeFileHandle there = File.OpenHandle(end.Equals(Near) ? "/run/netns/near" : "/run/netns/far");
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
