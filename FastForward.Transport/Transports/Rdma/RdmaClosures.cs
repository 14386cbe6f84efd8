using System.Net;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Connections;

namespace FastForward.Transport.Transports.Rdma;

/// <summary>What errors of connections and completions mean for a link.</summary>
internal static class RdmaClosures
{
    // IB_CM_REJ of the kernel's rdma/ib_cm.h (InfiniBand Architecture Specification, volume 1, section 12.6.7.2).
    private const int InvalidServiceId = 8;
    private const int StaleConnection = 10;
    private const int ConsumerDefined = 28;
    private const int RefusedByPeer = -Errno.ECONNREFUSED; // iWARP

    /// <summary>Address or route were not resolved.</summary>
    public static LinkClosure OfAddress(EndPoint remote, int error) =>
        error switch
        {
            Errno.ETIMEDOUT => new LinkClosure(
                LinkCloseReason.OpenTimeout,
                error,
                $"{remote} did not answer: no machine has the address, or it is not reachable"
            ),
            Errno.ENODEV or Errno.EADDRNOTAVAIL => new LinkClosure(
                LinkCloseReason.Failed,
                error,
                $"no RDMA device of this machine leads to {remote}: the network interface towards it must be that of "
                    + "an RDMA device, as rdma link (iproute2) shows"
            ),
            _ => new LinkClosure(LinkCloseReason.Failed, error, $"{remote} was not found: {LibC.Describe(error)}"),
        };

    /// <summary>The connection was not made.</summary>
    public static LinkClosure OfConnect(EndPoint remote, int error) =>
        error == Errno.ETIMEDOUT
            ? new LinkClosure(LinkCloseReason.OpenTimeout, error, $"{remote} did not answer")
            : new LinkClosure(LinkCloseReason.Failed, error, $"connecting to {remote} failed: {LibC.Describe(error)}");

    /// <summary>The peer, or its kernel, refused.</summary>
    public static LinkClosure OfRefusal(EndPoint remote, int status, ReadOnlySpan<byte> data) =>
        status switch
        {
            InvalidServiceId or RefusedByPeer => new LinkClosure(
                LinkCloseReason.ConnectRefused,
                Errno.ECONNREFUSED,
                $"no process listens at {remote}"
            ),
            StaleConnection => new LinkClosure(
                LinkCloseReason.Failed,
                0,
                $"{remote} still has a former connection of the same queue pair; the next attempt uses another one"
            ),
            ConsumerDefined when (RdmaOpening.Read(data, out RdmaOpening opening) is null) => OfStatus(opening.Packet),
            ConsumerDefined => new LinkClosure(
                LinkCloseReason.PeerClosed,
                0,
                $"{remote} refused without an answer: it was closing, or its process ended"
            ),
            _ => new LinkClosure(LinkCloseReason.Failed, 0, $"{remote} refused the connection (reason {status})"),
        };

    /// <summary>Posting work requests failed.</summary>
    public static LinkClosure OfPost(int error) =>
        new(LinkCloseReason.Failed, error, $"posting failed: {LibC.Describe(error)}");

    /// <summary>A receive failed.</summary>
    public static LinkClosure OfReceive(int status) =>
        new(
            LinkCloseReason.ProtocolViolation,
            0,
            $"a message does not fit the receive that was posted for it: {IbVerbs.Describe(status)}"
        );

    /// <summary>A send failed.</summary>
    public static LinkClosure OfSend(int status) =>
        status switch
        {
            IbVerbs.IBV_WC_RETRY_EXC_ERR => new LinkClosure(
                LinkCloseReason.Failed,
                Errno.ETIMEDOUT,
                "the peer does not acknowledge what was sent: its machine or the network to it is down"
            ),
            IbVerbs.IBV_WC_RNR_RETRY_EXC_ERR => new LinkClosure(
                LinkCloseReason.ProtocolViolation,
                0,
                "the peer has no receive for a frame within its credits"
            ),
            IbVerbs.IBV_WC_REM_INV_REQ_ERR => new LinkClosure(
                LinkCloseReason.ProtocolViolation,
                0,
                "the peer did not take a frame that is no longer than agreed"
            ),
            _ => new LinkClosure(LinkCloseReason.Failed, 0, IbVerbs.Describe(status)),
        };

    private static LinkClosure OfStatus(in OpeningPacket packet) =>
        packet.Status switch
        {
            OpeningStatus.Full => new LinkClosure(
                LinkCloseReason.ConnectRefused,
                0,
                $"the peer has its limit of {packet.Detail} RDMA links"
            ),
            _ => new LinkClosure(
                LinkCloseReason.NotPermitted,
                0,
                $"the peer refused with status {(ushort)packet.Status}"
            ),
        };
}
