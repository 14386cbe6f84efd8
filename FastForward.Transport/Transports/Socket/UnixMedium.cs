using System.Net;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Connections;

namespace FastForward.Transport.Transports.Socket;

/// <summary>Sockets of AF_UNIX, SOCK_SEQPACKET.</summary>
internal sealed unsafe class UnixMedium(uint[] allowedUserIds) : IConnectionMedium
{
    public bool IsHostLocal => true;

    public bool TearsPackets => false;

    public int ListenerType => LibC.SOCK_SEQPACKET;

    public int TypeFor(EndPoint remote, int attempt) => attempt == 0 ? LibC.SOCK_SEQPACKET : 0;

    public void Connected(EndPoint remote, int type) { }

    public bool MayBeOfAnotherType(int error) => false;

    public Descriptor CreateSocket() => CreateSocket(LibC.SOCK_SEQPACKET);

    public Descriptor CreateSocket(int ofType) =>
        new(LibC.Socket(LibC.AF_UNIX, ofType | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0));

    public int Connect(Descriptor socket, EndPoint remote)
    {
        SocketAddress address = remote.Serialize();
        fixed (byte* bytes = address.Buffer.Span)
        {
            return LibC.Connect(socket, bytes, (uint)address.Size) == 0 ? 0 : LibC.LastError;
        }
    }

    public LinkClosure ConnectFailure(int error, EndPoint remote) =>
        error switch
        {
            Errno.ENOENT => new LinkClosure(
                LinkCloseReason.ConnectRefused,
                error,
                $"{remote} does not exist: no process listens there"
            ),
            Errno.ECONNREFUSED => new LinkClosure(
                LinkCloseReason.ConnectRefused,
                error,
                $"no process listens at {remote}"
            ),
            Errno.EACCES or Errno.EPERM => new LinkClosure(
                LinkCloseReason.NotPermitted,
                error,
                $"no permission to connect to {remote}: "
                    + "connecting needs write permission on the file and search permission on its directories"
            ),
            Errno.EPROTOTYPE => new LinkClosure(
                LinkCloseReason.ProtocolViolation,
                error,
                $"{remote} is a socket of another type than SOCK_SEQPACKET"
            ),
            _ => new LinkClosure(
                LinkCloseReason.Failed,
                error,
                $"connecting to {remote} failed: {LibC.Describe(error)}"
            ),
        };

    public EndPoint AcceptedFrom(Descriptor socket, EndPoint local) => local;

    public PeerCredentials? ReadCredentials(Descriptor socket)
    {
        LibC.Credentials credentials;
        uint length = (uint)sizeof(LibC.Credentials);
        if (LibC.GetSocketOption(socket, LibC.SOL_SOCKET, LibC.SO_PEERCRED, &credentials, &length) != 0)
            return null;
        return new PeerCredentials { UserId = credentials.UserId, ProcessId = credentials.ProcessId };
    }

    public string? ReasonToRefuse(PeerCredentials? credentials)
    {
        if (credentials?.UserId is not { } user)
            return "the kernel does not report the user id of the peer";
        return Array.IndexOf(allowedUserIds, user) >= 0
            ? null
            : $"the peer (process {credentials.ProcessId}) runs as user id {user}; "
                + $"allowed are {string.Join(", ", allowedUserIds)}";
    }
}
