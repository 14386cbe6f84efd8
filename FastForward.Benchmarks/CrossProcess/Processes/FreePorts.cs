using System.Net;
using System.Net.Sockets;

namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>
/// Finds free UDP ports below the ephemeral range, so that the kernel does not assign them to other sockets before they
/// are used.
/// </summary>
internal static class FreePorts
{
    private const int First = 20_000;
    private const int Count = 10_000;

    public static (int First, int Second) FindTwo()
    {
        using Socket one = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ExclusiveAddressUse = true,
        };
        using Socket two = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ExclusiveAddressUse = true,
        };
        return (Bind(one), Bind(two));
    }

    private static int Bind(Socket socket)
    {
        for (int attempt = 0; attempt < 1000; attempt++)
        {
            int port = First + Random.Shared.Next(Count);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException exception)
                when (exception.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // In use: try another one.
            }
        }

        throw new BenchmarkFailure($"no free UDP port between {First} and {First + Count - 1}");
    }
}
