using System.Net.Sockets;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Sockets;

/// <summary>Error numbers of the socket calls in the framework's terms.</summary>
internal static class UdpError
{
    /// <summary>The error of the last call of this thread.</summary>
    public static SocketError OfLastCall() =>
        LibC.LastError switch
        {
            Errno.EAGAIN => SocketError.WouldBlock,
            Errno.ECONNREFUSED => SocketError.ConnectionRefused,
            Errno.EMSGSIZE => SocketError.MessageSize,
            Errno.ENETUNREACH => SocketError.NetworkUnreachable,
            Errno.EHOSTUNREACH => SocketError.HostUnreachable,
            Errno.EACCES or Errno.EPERM => SocketError.AccessDenied,
            Errno.ENOBUFS or Errno.ENOMEM => SocketError.NoBufferSpaceAvailable,
            Errno.EINTR => SocketError.Interrupted,
            _ => SocketError.SocketError,
        };
}
