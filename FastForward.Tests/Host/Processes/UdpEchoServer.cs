using System.Net;
using System.Net.Sockets;

namespace FastForward.Tests.Host.Processes;

/// <summary>A UDP server that answers each datagram with the same bytes, and counts the clients it sees.</summary>
internal sealed class UdpEchoServer : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly HashSet<EndPoint> _clients = [];
    private readonly Thread _thread;

    public UdpEchoServer(int port)
    {
        _socket.ReceiveBufferSize = 4 << 20;
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _thread = new Thread(Serve) { IsBackground = true };
        _thread.Start();
    }

    public int ClientCount
    {
        get
        {
            lock (_clients)
                return _clients.Count;
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _thread.Join();
    }

    private void Serve()
    {
        byte[] buffer = new byte[65_536];
        try
        {
            while (true)
            {
                EndPoint from = new IPEndPoint(IPAddress.Any, 0);
                int length = _socket.ReceiveFrom(buffer, ref from);
                lock (_clients)
                    _clients.Add(from);
                _socket.SendTo(buffer.AsSpan(0, length), from);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
