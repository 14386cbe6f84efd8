using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Connections;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>SOCK_SEQPACKET and SOCK_STREAM of AF_VSOCK.</summary>
/// <param name="family">The system calls.</param>
/// <param name="type">The type asked for: Auto tries both.</param>
/// <param name="listenerType">The type that this side listens with.</param>
/// <param name="toHost">See <see cref="VSocketTransportOptions.ToHost"/>.</param>
internal sealed class VSocketMedium(IVSocketFamily family, VSocketType type, int listenerType, bool toHost)
    : IConnectionMedium
{
    // Those that listen with the second type, which is an exception: the first is what is tried without an entry.
    private readonly HashSet<VSocketEndPoint> _streams = [];

    // Frames go through the memory of one hypervisor.
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
                $"nobody listens at {remote}{(type == VSocketType.Auto ? "" : $", or with another type of socket than {type}")}, or its backlog is full"
            ),
            Errno.ESOCKTNOSUPPORT or Errno.EPROTOTYPE => new LinkClosure(
                LinkCloseReason.Failed,
                error,
                $"the way to {remote} has no sockets of type {(type == VSocketType.Auto ? "SeqPacket or Stream" : type)}{(type == VSocketType.SeqPacket ? "; Stream works wherever vSockets do" : "")}"
            ),
            Errno.ENODEV => new LinkClosure(
                LinkCloseReason.Failed,
                error,
                $"no way leads to {remote}: no running guest has this context id, or the kernel has no vSocket transport for it"
            ),
            Errno.ENETUNREACH or Errno.EHOSTUNREACH or Errno.EADDRNOTAVAIL => new LinkClosure(
                LinkCloseReason.Failed,
                error,
                $"context id {((VSocketEndPoint)remote).Cid} cannot be reached from this machine: {LibC.Describe(error)}"
            ),
            Errno.ETIMEDOUT => new LinkClosure(
                LinkCloseReason.OpenTimeout,
                error,
                $"no answer from {remote}: no machine has this context id, or its guest does not run vSockets yet"
            ),
            Errno.EOPNOTSUPP => new LinkClosure(
                LinkCloseReason.Failed,
                error,
                $"the vSocket transport that leads to {remote} does not do this: {LibC.Describe(error)}"
            ),
            Errno.EINVAL when toHost => new LinkClosure(
                LinkCloseReason.Failed,
                error,
                "the kernel does not know VMADDR_FLAG_TO_HOST (Linux 5.11); switch ToHost off"
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

    /// <summary>The far machine, with the port that it came in by: its own port is a passing one.</summary>
    public EndPoint AcceptedFrom(Descriptor socket, EndPoint local) =>
        family.ReadPeer(socket) is { } cid ? new VSocketEndPoint(cid, ((VSocketEndPoint)local).Port) : local;

    public PeerCredentials? ReadCredentials(Descriptor socket) =>
        family.ReadPeer(socket) is { } cid ? new PeerCredentials { ContextId = cid } : null;

    // Which machine may be which node is for the routes to say.
    public string? ReasonToRefuse(PeerCredentials? credentials) =>
        credentials?.ContextId is null ? "the kernel does not say which machine the far end is" : null;
}
