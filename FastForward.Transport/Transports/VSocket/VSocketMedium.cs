using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Connections;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>SOCK_SEQPACKET and SOCK_STREAM of AF_VSOCK (vsock(7)).</summary>
/// <param name="family">The system calls.</param>
/// <param name="type">The requested type: Auto tries both.</param>
/// <param name="listenerType">The type that this side listens with.</param>
/// <param name="toHost">See <see cref="VSocketTransportOptions.ToHost"/>.</param>
internal sealed class VSocketMedium(IVSocketFamily family, VSocketType type, int listenerType, bool toHost)
    : IConnectionMedium
{
    // Peers that listen with the second type; for all others the first type is tried first.
    private readonly HashSet<VSocketEndPoint> _streams = [];

    // Frames never leave the memory of one hypervisor.
    public bool IsHostLocal => true;

    public bool TearsPackets => family.TearsPackets;

    public int ListenerType => listenerType;

    public int TypeFor(EndPoint remote, int attempt)
    {
        if (type != VSocketType.Auto)
            return attempt > 0 ? 0
                : type == VSocketType.Stream ? LibC.SOCK_STREAM
                : LibC.SOCK_SEQPACKET;
        bool streamFirst = _streams.Contains((VSocketEndPoint)remote);
        return attempt switch
        {
            0 => streamFirst ? LibC.SOCK_STREAM : LibC.SOCK_SEQPACKET,
            1 => streamFirst ? LibC.SOCK_SEQPACKET : LibC.SOCK_STREAM,
            _ => 0,
        };
    }

    public void Connected(EndPoint remote, int type)
    {
        if (type == LibC.SOCK_STREAM)
            _streams.Add((VSocketEndPoint)remote);
        else
            _streams.Remove((VSocketEndPoint)remote);
    }

    public bool MayBeOfAnotherType(int error) => error is Errno.ECONNRESET or Errno.ESOCKTNOSUPPORT or Errno.EPROTOTYPE;

    public Descriptor CreateSocket(int type) => family.CreateSocket(type);

    public int Connect(Descriptor socket, EndPoint remote) => family.Connect(socket, (VSocketEndPoint)remote, toHost);

    public LinkClosure ConnectFailure(int error, EndPoint remote) =>
        error switch
        {
            Errno.ECONNRESET => new LinkClosure(
                LinkCloseReason.ConnectRefused,
                error,
                $"no process listens at {remote}{(type == VSocketType.Auto ? "" : $" with type {type}")}, "
                    + "or its backlog is full"
            ),
            Errno.ESOCKTNOSUPPORT or Errno.EPROTOTYPE => new LinkClosure(
                LinkCloseReason.Failed,
                error,
                $"the vSocket transport to {remote} does not support type "
                    + (type == VSocketType.Auto ? "SeqPacket or Stream" : type.ToString())
                    + (type == VSocketType.SeqPacket ? "; Stream works wherever vSockets do" : "")
            ),
            Errno.ENODEV => new LinkClosure(
                LinkCloseReason.Failed,
                error,
                $"no route to {remote}: no running guest has this context id, "
                    + "or the kernel has no vSocket transport for it"
            ),
            Errno.ENETUNREACH or Errno.EHOSTUNREACH or Errno.EADDRNOTAVAIL => new LinkClosure(
                LinkCloseReason.Failed,
                error,
                $"context id {((VSocketEndPoint)remote).Cid} cannot be reached from this machine: "
                    + LibC.Describe(error)
            ),
            Errno.ETIMEDOUT => new LinkClosure(
                LinkCloseReason.OpenTimeout,
                error,
                $"no answer from {remote}: no machine has this context id, or its guest has no vSockets yet"
            ),
            Errno.EOPNOTSUPP => new LinkClosure(
                LinkCloseReason.Failed,
                error,
                $"the vSocket transport to {remote} does not support this: {LibC.Describe(error)}"
            ),
            Errno.EINVAL when toHost => new LinkClosure(
                LinkCloseReason.Failed,
                error,
                "the kernel does not support VMADDR_FLAG_TO_HOST (Linux 5.11); it cannot send everything to the host"
            ),
            Errno.EACCES or Errno.EPERM => new LinkClosure(
                LinkCloseReason.NotPermitted,
                error,
                $"no permission to connect to {remote}"
            ),
            _ => new LinkClosure(
                LinkCloseReason.Failed,
                error,
                $"connecting to {remote} failed: {LibC.Describe(error)}"
            ),
        };

    /// <summary>The remote machine with the local port: the remote port is ephemeral.</summary>
    public EndPoint AcceptedFrom(Descriptor socket, EndPoint local) =>
        family.ReadPeer(socket) is { } cid ? new VSocketEndPoint(cid, ((VSocketEndPoint)local).Port) : local;

    public PeerCredentials? ReadCredentials(Descriptor socket) =>
        family.ReadPeer(socket) is { } cid ? new PeerCredentials { ContextId = cid } : null;

    // Which machine may be which node is decided by the routes (VSocketSourceCheck).
    public string? ReasonToRefuse(PeerCredentials? credentials) =>
        credentials?.ContextId is null ? "the kernel does not report the context id of the peer" : null;
}
