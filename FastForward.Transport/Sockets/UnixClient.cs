using System.Net.Sockets;

namespace FastForward.Transport.Sockets;

/// <summary>A client that a <see cref="UnixListener"/> has accepted. Dispose of its <see cref="Socket"/>.</summary>
public sealed class UnixClient
{
    internal UnixClient(Socket socket, uint? userId, bool isAllowed)
    {
        Socket = socket;
        UserId = userId;
        IsAllowed = isAllowed;
    }

    /// <summary>The connection; the receiver of this object owns it.</summary>
    public Socket Socket { get; }

    /// <summary>
    /// The user id of the client when it connected (SO_PEERCRED, unix(7)); null when the kernel does not report it.
    /// </summary>
    public uint? UserId { get; }

    /// <summary>Whether the user may be served; if not, tell the client and close the connection.</summary>
    public bool IsAllowed { get; }
}
