using System.Net.Sockets;

namespace FastForward.Host.Demo.Chaos;

/// <summary>The connections of this process over UNIX sockets that keep frames apart, found through /proc.</summary>
internal static class SocketConnections
{
    private const string SeqPacket = "0005";
    private const string Connected = "03";

    /// <summary>Shuts all of them down under the node: both ends see the end of the connection.</summary>
    public static void Cut()
    {
        HashSet<string> names =
        [
            .. File.ReadLines("/proc/self/net/unix")
                .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(static words => words.Length > 6 && words[4] == SeqPacket && words[5] == Connected)
                .Select(static words => $"socket:[{words[6]}]"),
        ];
        foreach (string path in Directory.GetFiles("/proc/self/fd"))
        {
            if (new FileInfo(path).LinkTarget is { } target && names.Contains(target))
                Shutdown(nint.Parse(Path.GetFileName(path), null));
        }
    }

    private static void Shutdown(nint descriptor)
    {
        using SafeSocketHandle handle = new(descriptor, ownsHandle: false);
        using Socket socket = new(handle);
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The peer was faster.
        }
    }
}
