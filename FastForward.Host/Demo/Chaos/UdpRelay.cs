using System.Net;
using System.Net.Sockets;

namespace FastForward.Host.Demo.Chaos;

/// <summary>
/// A router between two nodes on this machine. Each node has several addresses of the loopback and knows the relay's
/// alone: what it sends from one of them leaves to the same address of the other node. A path can be cut in silence.
/// </summary>
internal sealed class UdpRelay : IDisposable
{
    private static readonly IPAddress[] s_addresses = [IPAddress.Loopback, IPAddress.Parse("127.0.0.2")];

    private readonly Socket _nearFirst;
    private readonly Socket _nearSecond;
    private readonly bool[] _isCut = new bool[s_addresses.Length];

    /// <param name="first">The port of the first node.</param>
    /// <param name="second">The port of the second node.</param>
    /// <param name="nearFirst">The port of the relay to which the first node sends.</param>
    /// <param name="nearSecond">The port of the relay to which the second node sends.</param>
    public UdpRelay(int first, int second, int nearFirst, int nearSecond)
    {
        _nearFirst = Open(nearFirst);
        try
        {
            _nearSecond = Open(nearSecond);
        }
        catch (DemoFailure)
        {
            _nearFirst.Dispose();
            throw;
        }

        // What comes from one node is sent from where the other one sends to.
        Start(_nearFirst, _nearSecond, second);
        Start(_nearSecond, _nearFirst, first);
    }

    /// <summary>The addresses of each node, and so the paths.</summary>
    public static IReadOnlyList<IPAddress> Addresses => s_addresses;

    /// <summary>Drops whatever comes on a path, both ways; or forwards again.</summary>
    public void Cut(int path, bool isCut) => Volatile.Write(ref _isCut[path], isCut);

    /// <inheritdoc/>
    public void Dispose()
    {
        _nearFirst.Dispose();
        _nearSecond.Dispose();
    }

    private static Socket Open(int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveBufferSize = 4 << 20,
        };
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new DemoFailure($"the relay cannot use UDP port {port}: {exception.Message}") { IsPortTaken = true };
        }
    }

    private void Start(Socket from, Socket to, int port)
    {
        IPEndPoint[] targets = [.. s_addresses.Select(address => new IPEndPoint(address, port))];
        Thread thread = new(() => Forward(from, to, targets)) { IsBackground = true, Name = "relay" };
        thread.Start();
    }

    private void Forward(Socket from, Socket to, IPEndPoint[] targets)
    {
        byte[] buffer = new byte[65_536];
        EndPoint source = new IPEndPoint(IPAddress.Any, 0);
        while (true)
        {
            try
            {
                int length = from.ReceiveFrom(buffer, ref source);
                int path = Array.IndexOf(s_addresses, ((IPEndPoint)source).Address);
                if (path >= 0 && !Volatile.Read(ref _isCut[path]))
                    to.SendTo(buffer.AsSpan(0, length), SocketFlags.None, targets[path]);
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException) when (!from.IsBound || !to.IsBound)
            {
                return; // disposed meanwhile
            }
            catch (SocketException)
            {
                // A node that has ended answers with an error, which is the next result of the socket.
            }
        }
    }
}
