using System.Net.Sockets;
using System.Text.Json;
using FastForward.Host.Control;

namespace FastForward.Tests.Host.Processes;

/// <summary>A client of a control socket that sends what a test likes.</summary>
internal static class ControlProbe
{
    public static Socket Connect(string path)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            ReceiveTimeout = (int)RunningProgram.Limit.TotalMilliseconds,
        };
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    /// <summary>The next line of the answer.</summary>
    public static ControlAnswer ReadLine(Socket socket)
    {
        List<byte> line = [];
        byte[] buffer = new byte[1];
        while (socket.Receive(buffer) == 1 && buffer[0] != '\n')
            line.Add(buffer[0]);
        return JsonSerializer.Deserialize(line.ToArray(), ControlJson.Default.ControlAnswer)!;
    }
}
