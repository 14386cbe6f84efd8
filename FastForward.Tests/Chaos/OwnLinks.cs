using FastForward.Transport.Interop;

namespace FastForward.Tests.Chaos;

/// <summary>The connected seqpacket sockets of this process, found through /proc.</summary>
internal static unsafe class OwnLinks
{
    private const int SO_TYPE = 3;
    private const int SHUT_RDWR = 2;

    public static int Count() => Find().Count;

    /// <summary>Cuts one: both ends see the end of the connection, as when the remote process closes it.</summary>
    public static bool Cut(Random random)
    {
        List<int> links = Find();
        if (links.Count == 0)
            return false;
        using Descriptor link = new(links[random.Next(links.Count)], ownsHandle: false);
        return LibC.Shutdown(link, SHUT_RDWR) == 0;
    }

    private static List<int> Find()
    {
        List<int> found = [];
        byte* address = stackalloc byte[128];
        foreach (string path in Directory.GetFiles("/proc/self/fd"))
        {
            int number = int.Parse(Path.GetFileName(path));
            using Descriptor descriptor = new(number, ownsHandle: false);
            int type = 0;
            uint size = sizeof(int);
            if (LibC.GetSocketOption(descriptor, LibC.SOL_SOCKET, SO_TYPE, &type, &size) != 0)
                continue;
            size = 128;
            if (type == LibC.SOCK_SEQPACKET && LibC.GetPeerName(descriptor, address, &size) == 0)
                found.Add(number);
        }

        return found;
    }
}
