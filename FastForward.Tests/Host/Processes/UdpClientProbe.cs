using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace FastForward.Tests.Host.Processes;

/// <summary>A UDP client with a port of its own that waits for each answer.</summary>
internal sealed class UdpClientProbe : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly byte[] _buffer = new byte[65_536];

    public UdpClientProbe(int port)
    {
        _socket.ReceiveTimeout = (int)RunningProgram.Limit.TotalMilliseconds;
        _socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
    }

    public void Send(ReadOnlySpan<byte> datagram) => _socket.Send(datagram);

    /// <summary>The next answer.</summary>
    public byte[] Receive()
    {
        try
        {
            return _buffer[.._socket.Receive(_buffer)];
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.TimedOut)
        {
            throw new AssertionException($"No answer came within {RunningProgram.Limit.TotalSeconds} s.");
        }
    }

    public byte[] Ask(ReadOnlySpan<byte> datagram)
    {
        Send(datagram);
        return Receive();
    }

    /// <summary>Asks again each half second until an answer comes: a real-time message may be too late.</summary>
    public byte[] AskUntilAnswered(ReadOnlySpan<byte> datagram)
    {
        long began = Stopwatch.GetTimestamp();
        do Send(datagram);
        while (!_socket.Poll(500_000, SelectMode.SelectRead) && Stopwatch.GetElapsedTime(began) < RunningProgram.Limit);
        return Receive();
    }

    public void Dispose() => _socket.Dispose();
}
