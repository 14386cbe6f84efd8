using System.Net;
using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Rdma;
using FastForward.Transport.Transports.Socket;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Benchmarks.CrossProcess.Contestants;

/// <summary>The parts of <see cref="NodeEndpoint"/> that depend on the medium.</summary>
internal static class NodeMedium
{
    private const uint KeyId = 1;

    /// <summary>Whether this build of FastForward has a transport for the medium.</summary>
    public static bool Exists(string transport) =>
        transport
            is TransportName.Ip
                or TransportName.Socket
                or TransportName.Memory
                or TransportName.VSocket
                or TransportName.Rdma;

    /// <summary>Whether the machine supports it.</summary>
    public static TransportAvailability CheckAvailability(string transport)
    {
        if (!Exists(transport))
            return TransportAvailability.Unavailable($"FastForward has no {transport} transport in this build");
        if (transport == TransportName.VSocket)
            return VSocketTransport.CheckLoopback();
        using IForwardTransport probe = Create(
            new SidePlan
            {
                Transport = transport,
                ClientPort = 1,
                ServerPort = 1,
            }
        );
        return probe.CheckAvailability();
    }

    /// <summary>The keys of a node: one where frames are to be sealed. Both processes make the same one.</summary>
    public static IReadOnlyList<ForwardKey> KeysOf(SidePlan plan) =>
        IsSealed(plan)
            ? [new ForwardKey(KeyId, "a key of nothing but benchmarks."u8, NodeOf(plan.Role), PeerOf(plan.Role))]
            : [];

    public static uint NodeOf(Role role) => role == Role.Client ? 1u : 2u;

    public static uint PeerOf(Role role) => role == Role.Client ? 2u : 1u;

    /// <summary>Voice is always real-time; otherwise Reliable where the path is reliable, or it is asked for.</summary>
    public static MessageClass ClassOf(SidePlan plan) =>
        plan.Workload == WorkloadKind.Voice
        || (plan.Transport == TransportName.Ip && plan.Implementation != ImplementationName.Reliable)
            ? MessageClass.RealTime
            : MessageClass.Reliable;

    public static IForwardTransport Create(SidePlan plan) =>
        plan.Transport switch
        {
            TransportName.Ip => new IpTransport(
                new IpTransportOptions { Port = OwnPort(plan), Addresses = [IPAddress.Loopback] }
            ),
            TransportName.Socket => new SocketTransport(
                new SocketTransportOptions
                {
                    Port = OwnPort(plan),
                    Directory = plan.Directory,
                    SharedMemoryLimit = 0,
                }
            ),
            TransportName.Memory => new SocketTransport(
                new SocketTransportOptions { Port = OwnPort(plan), Directory = plan.Directory }
            ),
            TransportName.VSocket => new VSocketTransport(
                new VSocketTransportOptions { Port = OwnPort(plan), Type = plan.VSocketType }
            ),
            TransportName.Rdma => new RdmaTransport(new RdmaTransportOptions { Port = OwnPort(plan) }),
            _ => throw new BenchmarkFailure($"FastForward has no {plan.Transport} transport in this build"),
        };

    public static RouteRow RouteToPeer(SidePlan plan) =>
        plan.Transport switch
        {
            TransportName.Ip => new RouteRow(
                PeerOf(plan.Role),
                IsSealed(plan) ? KeyId : 0,
                TransportKind.Ip,
                "127.0.0.1",
                PeerPort(plan)
            ),
            // "1" is VMADDR_CID_LOCAL.
            TransportName.VSocket => new RouteRow(PeerOf(plan.Role), 0, TransportKind.VSocket, "1", PeerPort(plan)),
            TransportName.Rdma => new RouteRow(
                PeerOf(plan.Role),
                0,
                TransportKind.Rdma,
                RdmaTransport.FindOwnAddress()?.ToString() ?? "",
                PeerPort(plan)
            ),
            _ => new RouteRow(PeerOf(plan.Role), 0, TransportKind.Socket, "", PeerPort(plan)),
        };

    private static bool IsSealed(SidePlan plan) => plan.Implementation == ImplementationName.Sealed;

    private static int OwnPort(SidePlan plan) => plan.Role == Role.Client ? plan.ClientPort : plan.ServerPort;

    private static int PeerPort(SidePlan plan) => plan.Role == Role.Client ? plan.ServerPort : plan.ClientPort;
}
