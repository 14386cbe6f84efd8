using System.Globalization;

namespace FastForward.Tests.Soak;

/// <summary>
/// A soak as a process of its own, whose memory nothing else uses: <c>soak sockets seconds seed</c> and
/// <c>soak virtual seconds seed</c>. It prints a <see cref="SoakSample"/> now and then, and a last line with what
/// arrived.
/// </summary>
internal static class SoakRun
{
    public const string End = "end:";

    public static int Run(string[] arguments)
    {
        long seconds = long.Parse(arguments[1], CultureInfo.InvariantCulture);
        ulong seed = ulong.Parse(arguments[2], CultureInfo.InvariantCulture);
        switch (arguments[0])
        {
            case "sockets":
                using (SocketSoak sockets = new(seed))
                    sockets.Run(seconds, Print);
                return 0;
            case "virtual":
                new VirtualSoak(seed).Run(seconds, Print);
                return 0;
            default:
                return 2;
        }
    }

    /// <summary>The heap after a collection that leaves nothing.</summary>
    public static long MeasureHeap()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static void Print(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}
