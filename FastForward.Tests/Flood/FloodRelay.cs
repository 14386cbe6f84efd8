using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Flood;

/// <summary>
/// Stands between two nodes, and knows every frame: what it forges comes from the place of the caller itself.
/// </summary>
internal sealed class FloodRelay : IDisposable
{
    private readonly Socket _near = Open();
    private readonly Socket _far = Open();
    private readonly List<Thread> _threads = [];
    private volatile byte[]? _init;
    private volatile byte[]? _data;

    /// <summary>The port that the caller sends to.</summary>
    public int NearPort => ((IPEndPoint)_near.LocalEndPoint!).Port;

    /// <summary>The port from which all comes at the flooded node.</summary>
    public int FarPort => ((IPEndPoint)_far.LocalEndPoint!).Port;

    /// <summary>The last INIT that went to the flooded node with the right key.</summary>
    public byte[] Init => _init ?? throw new InvalidOperationException("There was no INIT yet.");

    /// <summary>The last DATA frame that went to it.</summary>
    public byte[] Data => _data ?? throw new InvalidOperationException("There was no frame yet.");

    /// <summary>Begins, once both ports are known.</summary>
    public void Start(int callerPort, int floodedPort)
    {
        _near.Connect(IPAddress.Loopback, callerPort);
        _far.Connect(IPAddress.Loopback, floodedPort);
        Carry(_near, _far, isRecorded: true);
        Carry(_far, _near, isRecorded: false);
    }

    /// <summary>Sends to the flooded node as the caller.</summary>
    public bool TryForge(ReadOnlySpan<byte> frame) => TrySend(_far, frame);

    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
        foreach (Thread thread in _threads)
            thread.Join();
    }

    /// <summary>Sends, or drops like a network that is full.</summary>
    public static bool TrySend(Socket socket, ReadOnlySpan<byte> frame)
    {
        try
        {
            return socket.Send(frame) == frame.Length;
        }
        catch (SocketException failure)
            when (failure.SocketErrorCode is SocketError.ConnectionRefused or SocketError.NoBufferSpaceAvailable)
        {
            return false; // the process is not there yet, or the queue is full
        }
    }

    public static Socket Open()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveBufferSize = 1 << 21,
        };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private void Carry(Socket from, Socket to, bool isRecorded)
    {
        Thread thread = new(() =>
        {
            byte[] buffer = new byte[65_536];
            while (true)
            {
                try
                {
                    int length = from.Receive(buffer);
                    if (isRecorded && length > WireFormat.CommonHeader)
                        Record(buffer.AsSpan(0, length));
                    TrySend(to, buffer.AsSpan(0, length));
                }
                catch (SocketException failure) when (failure.SocketErrorCode == SocketError.ConnectionRefused)
                {
                    continue;
                }
                catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
                {
                    return;
                }
            }
        })
        {
            IsBackground = true,
        };
        _threads.Add(thread);
        thread.Start();
    }

    private void Record(ReadOnlySpan<byte> frame)
    {
        if (frame[1] == (byte)FrameType.Init)
            _init = frame.ToArray();
        else if (frame[1] == (byte)FrameType.Data)
            _data = frame.ToArray();
    }
}
