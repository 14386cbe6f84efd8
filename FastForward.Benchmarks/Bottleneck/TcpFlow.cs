using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FastForward.Benchmarks.Bottleneck;

/// <summary>One flow of the kernel's TCP through the bottleneck, as fast as it permits.</summary>
internal sealed class TcpFlow : IDisposable
{
    private const SocketOptionName TCP_CONGESTION = (SocketOptionName)13;
    private const int Piece = 65_536;
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(200);

    private readonly ManualResetEventSlim _listens = new();
    private readonly EndThread _receiver;
    private readonly EndThread _sender;
    private readonly int _port;
    private readonly byte[] _congestionControl;
    private long _received;

    /// <param name="port">Its port.</param>
    /// <param name="congestionControl">The name of the kernel's module.</param>
    public TcpFlow(int port, string congestionControl)
    {
        _port = port;
        _congestionControl = Encoding.ASCII.GetBytes(congestionControl);
        _receiver = new EndThread(BottleneckPath.Far, Receive, "TCP receiver");
        if (!_listens.Wait(TimeSpan.FromSeconds(10)))
            _receiver.ThrowOnFailure();
        _sender = new EndThread(BottleneckPath.Near, Send, "TCP sender");
    }

    /// <summary>Bytes that have arrived.</summary>
    public long Received => Volatile.Read(ref _received);

    public void ThrowOnFailure()
    {
        _receiver.ThrowOnFailure();
        _sender.ThrowOnFailure();
    }

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
        _listens.Dispose();
    }

    private void Receive(Func<bool> isOver)
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(new IPEndPoint(BottleneckPath.Far, _port));
        listener.Listen(1);
        _listens.Set();
        while (!listener.Poll(s_patience, SelectMode.SelectRead))
        {
            if (isOver())
                return;
        }

        using Socket peer = listener.Accept();
        byte[] piece = new byte[Piece];
        while (!isOver())
        {
            if (peer.Poll(s_patience, SelectMode.SelectRead))
            {
                int length = peer.Receive(piece);
                if (length == 0)
                    return;
                Volatile.Write(ref _received, _received + length);
            }
        }
    }

    private void Send(Func<bool> isOver)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, (int)TCP_CONGESTION, _congestionControl);
        socket.Connect(new IPEndPoint(BottleneckPath.Far, _port));
        byte[] piece = new byte[Piece];
        socket.Blocking = false;
        while (!isOver())
        {
            if (socket.Poll(s_patience, SelectMode.SelectWrite))
                _ = socket.Send(piece, SocketFlags.None, out _);
        }
    }
}
