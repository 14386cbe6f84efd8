using System.Net;
using System.Net.Sockets;

namespace FastForward.Host.Demo;

/// <summary>
/// Finds free UDP ports. They lie below the range from which the system gives ports to clients, so that
/// none is handed out between the look and the use; should another program take one all the same, the demo tries again.
/// </summary>
internal static class FreePorts
{
    private const int First = 20_000;
    private const int Count = 10_000;

    public static int[] Find(int count)
    {
        List<Socket> held = [];
        try
        {
            int[] ports = new int[count];
            for (int i = 0; i < count; i++)
                ports[i] = Take(held);
            return ports;
        }
        finally
        {
            foreach (Socket socket in held)
                socket.Dispose();
        }
    }

    private static int Take(List<Socket> held)
    {
        for (int attempt = 0; attempt < 1000; attempt++)
        {
            int port = First + Random.Shared.Next(Count);
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
            {
                ExclusiveAddressUse = true,
            };
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Any, port));
                held.Add(socket); // held until all are found, or one would be found twice
                return port;
            }
            catch (SocketException exception)
                when (exception.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                socket.Dispose();
            }
        }

        throw new DemoFailure($"no free UDP port was found between {First} and {First + Count - 1}");
    }
}
