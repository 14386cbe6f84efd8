using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports.Impairment;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.VSocket;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Instances;

/// <summary>What an instance file says, checked.</summary>
internal sealed record InstanceSettings
{
    /// <summary>The file, as the operator named it.</summary>
    public required string File { get; init; }

    /// <summary>The node id.</summary>
    public required uint Network { get; init; }

    /// <summary>The one port number of the node, whatever the medium.</summary>
    public required int Port { get; init; }

    /// <summary>The media to use.</summary>
    public required IReadOnlyList<TransportKind> Transports { get; init; }

    /// <summary>The local addresses of the UDP port; empty for all.</summary>
    public required IReadOnlyList<ZonedAddress> Addresses { get; init; }

    /// <summary>The directory of the socket files.</summary>
    public required string SocketDirectory { get; init; }

    /// <summary>The directory of the control socket.</summary>
    public required string ControlDirectory { get; init; }

    /// <summary>The permissions of the socket file; null for the library's default.</summary>
    public required UnixFileMode? SocketMode { get; init; }

    /// <summary>The group of the socket file; null for the process's own.</summary>
    public required string? SocketGroup { get; init; }

    /// <summary>The user ids at the other end of a socket; null for the library's default.</summary>
    public required IReadOnlyCollection<uint>? AllowedUsers { get; init; }

    /// <summary>The user ids to which node ids are bound on UNIX sockets; null for none.</summary>
    public required IReadOnlyDictionary<uint, uint>? NodeUsers { get; init; }

    /// <summary>The file of the node's keys; null for none.</summary>
    public required string? KeyFile { get; init; }

    /// <summary>The memory that this node may share with others, in MiB; 0 for none.</summary>
    public required int SharedMemory { get; init; }

    /// <summary>The type of socket for vSockets.</summary>
    public required VSocketType VSocketType { get; init; }

    /// <summary>Send everything on vSockets to the host, which passes it on.</summary>
    public required bool VSocketToHost { get; init; }

    /// <summary>The addresses of RDMA listeners; empty for all.</summary>
    public required IReadOnlyList<ZonedAddress> RdmaAddresses { get; init; }

    /// <summary>The most RDMA links at once.</summary>
    public required int RdmaLinks { get; init; }

    /// <summary>The frames that a peer may send by RDMA ahead.</summary>
    public required int RdmaCredits { get; init; }

    /// <summary>Reach a peer by its next row while its vSocket cannot be connected.</summary>
    public required bool VSocketFallback { get; init; }

    /// <inheritdoc cref="ForwardNodeOptions.MaxPaths"/>
    public required int MaxPaths { get; init; }

    /// <inheritdoc cref="ForwardNodeOptions.DiscoverLocalPeers"/>
    public required bool DiscoverLocalPeers { get; init; }

    /// <summary>Whether real-time messages are copied.</summary>
    public required RealTimeRedundancy Redundancy { get; init; }

    /// <summary>Whether real-time messages go over two paths.</summary>
    public required PathRedundancy PathRedundancy { get; init; }

    /// <summary>Milliseconds between two probes of a path, unless the peer has fewer.</summary>
    public required int ProbeMillis { get; init; }

    /// <summary>What the loop does without work.</summary>
    public required IdleStrategy Idle { get; init; }

    /// <summary>Take nodes of other machines without a key, by IP and RDMA.</summary>
    public required bool AllowUnkeyedNetwork { get; init; }

    /// <summary>See <see cref="ForwardNodeOptions.RequireKey"/>; null when the file does not name any.</summary>
    public required IReadOnlyCollection<uint>? RequireKey { get; init; }

    /// <summary>See <see cref="ForwardNodeOptions.RequireKeyFromAll"/>.</summary>
    public required bool RequireKeyFromAll { get; init; }

    /// <summary>See <see cref="ForwardNodeOptions.SealLocal"/>.</summary>
    public required bool SealLocal { get; init; }

    /// <summary>Mark datagrams with real-time messages as expedited (DSCP EF).</summary>
    public required bool MarkRealTime { get; init; }

    /// <summary>See <see cref="IpTransportOptions.SegmentationOffload"/>.</summary>
    public required bool SegmentationOffload { get; init; }

    /// <summary>What is done on purpose to datagrams that are sent; null for nothing.</summary>
    public required ImpairmentOptions? Impairment { get; init; }

    /// <summary>Metrics with many series for each peer.</summary>
    public required bool PeerMetrics { get; init; }

    /// <summary>The lowest level that is logged.</summary>
    public required LogLevel LogLevel { get; init; }

    /// <summary>The rows of <c>[OverriddenNodes]</c>.</summary>
    public required IReadOnlyList<RouteRow> OverriddenNodes { get; init; }

    /// <summary>The rows of <c>[Nodes]</c>.</summary>
    public required IReadOnlyList<RouteRow> Nodes { get; init; }

    /// <summary>The Tarantool registries.</summary>
    public required IReadOnlyList<RegistrySettings> Registries { get; init; }

    /// <summary>The bridges.</summary>
    public required IReadOnlyList<BridgeSettings> Bridges { get; init; }

    /// <summary>The outlets.</summary>
    public required IReadOnlyList<OutletSettings> Outlets { get; init; }

    /// <summary>
    /// The UDP ports that this file names: those of the node, its bridges and the nodes of the rows, which may run on
    /// this host too. No other socket of the instance may take one.
    /// </summary>
    public IReadOnlySet<int> Ports =>
        new HashSet<int>([
            Port,
            .. Bridges.Select(static bridge => bridge.Listen.Port),
            .. OverriddenNodes.Concat(Nodes).Select(static row => row.Port),
        ]);
}
