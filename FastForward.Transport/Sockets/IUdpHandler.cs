using System.Net.Sockets;

namespace FastForward.Transport.Sockets;

/// <summary>Receives what arrives at the sockets of a <see cref="UdpReceiver"/>, on the thread of its loop.</summary>
public interface IUdpHandler
{
    /// <summary>A datagram has arrived.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="datagram">The payload; valid during the call only.</param>
    /// <param name="source">Where it came from, for <see cref="UdpSocket.Answer"/>.</param>
    void OnDatagram(UdpSocket socket, ReadOnlySpan<byte> datagram, in UdpSource source);

    /// <summary>
    /// The socket reported an error, which is cleared by that; <see cref="SocketError.ConnectionRefused"/> means that
    /// nothing listened where an earlier datagram went. The socket goes on.
    /// </summary>
    /// <param name="socket">The socket.</param>
    /// <param name="error">The error.</param>
    void OnError(UdpSocket socket, SocketError error);
}
