using System.Net;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Impairment;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Rdma;
using FastForward.Transport.Transports.Socket;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Transport.DependencyInjection;

/// <summary>
/// Maps configuration keys to options. A test compares the keys with the properties of the options.
/// </summary>
internal static class ConfigurationReaders
{
    public static void Node(ConfigurationSectionReader section, ForwardNodeOptions options)
    {
        section.Read<uint>(nameof(options.Node), "25011", value => options.Node = value);
        section.Read<int>(nameof(options.SendStoreBytes), "4194304", value => options.SendStoreBytes = value);
        section.Read<int>(nameof(options.ReceiveWindowBytes), "4194304", value => options.ReceiveWindowBytes = value);
        section.Read<int>(nameof(options.MaxStreams), "1024", value => options.MaxStreams = value);
        section.Read<int>(nameof(options.MaxPendingHandshakes), "256", value => options.MaxPendingHandshakes = value);
        section.Read<TimeSpan>(nameof(options.ProbeInterval), "00:00:01", value => options.ProbeInterval = value);
        section.Read<TimeSpan>(nameof(options.DeadAfter), "00:00:30", value => options.DeadAfter = value);
        section.Read<TimeSpan>(nameof(options.RealTimeBudget), "00:00:00.120", value => options.RealTimeBudget = value);
        section.Read<int>(nameof(options.ReplayWindow), "8192", value => options.ReplayWindow = value);
        section.ReadName<PathRedundancy>(nameof(options.PathRedundancy), value => options.PathRedundancy = value);
        section.ReadName<RealTimeRedundancy>(
            nameof(options.RealTimeRedundancy),
            value => options.RealTimeRedundancy = value
        );
        section.Read<TimeSpan>(nameof(options.DrainLimit), "00:00:05", value => options.DrainLimit = value);
        section.Read<bool>(nameof(options.AllowUnkeyedNetwork), "false", value => options.AllowUnkeyedNetwork = value);
        section.Read(
            nameof(options.Keys),
            file =>
            {
                if (
                    ForwardKeyFile.TryRead(
                        file,
                        out IReadOnlyList<ForwardKey>? keys,
                        out IReadOnlyList<string> problems
                    )
                )
                    options.Keys = keys;
                return keys is null ? string.Join(' ', problems).TrimEnd('.') : null;
            }
        );
        section.ReadList<uint>(nameof(options.RequireKey), "250012", value => options.RequireKey = value);
        section.Read<bool>(nameof(options.RequireKeyFromAll), "false", value => options.RequireKeyFromAll = value);
        section.Read<bool>(nameof(options.SealLocal), "false", value => options.SealLocal = value);
        section.Read<bool>(nameof(options.VSocketFallback), "false", value => options.VSocketFallback = value);
        section.Read<int>(nameof(options.MaxPaths), "4", value => options.MaxPaths = value);
        section.Read<bool>(nameof(options.DiscoverLocalPeers), "false", value => options.DiscoverLocalPeers = value);
        section.Read(
            nameof(options.Impairment),
            text =>
            {
                if (ImpairmentOptions.TryParse(text, out ImpairmentOptions? value, out string? problem))
                    options.Impairment = value;
                return problem;
            }
        );
        section.LeaveSections("Loop", "Service", "Client", "Ip", "Socket", "VSocket", "Rdma", "Routes");
    }

    public static void Loop(ConfigurationSectionReader section, ForwardLoopOptions options)
    {
        section.ReadName<IdleStrategy>(nameof(options.Idle), value => options.Idle = value);
        section.Read<TimeSpan>(nameof(options.SpinTime), "00:00:00.000050", value => options.SpinTime = value);
        section.Read<int>(nameof(options.PollBudget), "256", value => options.PollBudget = value);
        section.Read<TimeSpan>(nameof(options.SlowCycleLimit), "00:00:00.010", value => options.SlowCycleLimit = value);
        section.Read<TimeSpan>(nameof(options.SlowCycleGrace), "00:00:10", value => options.SlowCycleGrace = value);
        section.Read<bool>(nameof(options.FailFast), "false", value => options.FailFast = value);
    }

    public static void Service(ConfigurationSectionReader section, ForwardServiceOptions options)
    {
        section.ReadName<LoopFaultAction>(nameof(options.OnLoopFault), value => options.OnLoopFault = value);
        section.Read<TimeSpan>(nameof(options.HealthLimit), "00:00:02", value => options.HealthLimit = value);
        section.Read<bool>(nameof(options.PeerMetrics), "false", value => options.PeerMetrics = value);
    }

    public static void Client(ConfigurationSectionReader section, ForwardClientOptions options)
    {
        section.Read<int>(nameof(options.MaxPendingSends), "1024", value => options.MaxPendingSends = value);
        section.Read<int>(nameof(options.RealTimeCapacity), "256", value => options.RealTimeCapacity = value);
        section.Read<int>(nameof(options.PipeBacklog), "128", value => options.PipeBacklog = value);
        section.Read<TimeSpan>(nameof(options.RequestTimeout), "00:00:05", value => options.RequestTimeout = value);
        section.Read<int>(nameof(options.MaxRequestsPerNode), "256", value => options.MaxRequestsPerNode = value);
        section.Read<int>(nameof(options.MaxConcurrentReplies), "64", value => options.MaxConcurrentReplies = value);
        section.Read<TimeSpan>(nameof(options.UnclaimedLimit), "00:00:02", value => options.UnclaimedLimit = value);
    }

    public static void Ip(ConfigurationSectionReader section, IpTransportOptions options)
    {
        section.Read<int>(nameof(options.Port), "54000", value => options.Port = value);
        section.ReadList<IPAddress>(nameof(options.Addresses), "192.0.2.7", value => options.Addresses = value);
        section.Read<bool>(nameof(options.MarkRealTime), "false", value => options.MarkRealTime = value);
        section.Read<bool>(nameof(options.SegmentationOffload), "true", value => options.SegmentationOffload = value);
        section.Read<int>(nameof(options.MaxFrameSize), "1200", value => options.MaxFrameSize = value);
        section.Read<int>(nameof(options.ReceiveBufferSize), "4194304", value => options.ReceiveBufferSize = value);
        section.Read<int>(nameof(options.SendBufferSize), "1048576", value => options.SendBufferSize = value);
    }

    public static void Socket(ConfigurationSectionReader section, SocketTransportOptions options)
    {
        section.Read<int>(nameof(options.Port), "54000", value => options.Port = value);
        section.ReadText(nameof(options.Directory), value => options.Directory = value);
        section.Read(nameof(options.Mode), "0660", ParseMode, value => options.Mode = value);
        section.ReadText(nameof(options.Group), value => options.Group = value);
        section.ReadList<uint>(nameof(options.AllowedUserIds), "1000", value => options.AllowedUserIds = value);
        section.ReadMap<uint>(
            nameof(options.NodeUserIds),
            "{ \"250012\": 1001 }",
            value => options.NodeUserIds = value
        );
        section.Read<int>(nameof(options.MaxFrameSize), "16384", value => options.MaxFrameSize = value);
        section.Read<TimeSpan>(nameof(options.OpenTimeout), "00:00:05", value => options.OpenTimeout = value);
        section.Read<int>(nameof(options.Backlog), "128", value => options.Backlog = value);
        section.Read<int>(nameof(options.MaxPendingOpens), "64", value => options.MaxPendingOpens = value);
        section.Read<int>(nameof(options.SendBufferSize), "1048576", value => options.SendBufferSize = value);
        section.Read<long>(nameof(options.SharedMemoryLimit), "67108864", value => options.SharedMemoryLimit = value);
    }

    public static void VSocket(ConfigurationSectionReader section, VSocketTransportOptions options)
    {
        section.Read<int>(nameof(options.Port), "54000", value => options.Port = value);
        section.ReadName<VSocketType>(nameof(options.Type), value => options.Type = value);
        section.Read<bool>(nameof(options.ToHost), "false", value => options.ToHost = value);
        section.Read<int>(nameof(options.MaxFrameSize), "16384", value => options.MaxFrameSize = value);
        section.Read<TimeSpan>(nameof(options.OpenTimeout), "00:00:05", value => options.OpenTimeout = value);
        section.Read<int>(nameof(options.Backlog), "128", value => options.Backlog = value);
        section.Read<int>(nameof(options.MaxPendingOpens), "64", value => options.MaxPendingOpens = value);
    }

    public static void Rdma(ConfigurationSectionReader section, RdmaTransportOptions options)
    {
        section.Read<int>(nameof(options.Port), "54000", value => options.Port = value);
        section.ReadList<IPAddress>(nameof(options.Addresses), "192.0.2.7", value => options.Addresses = value);
        section.Read<int>(nameof(options.MaxFrameSize), "4096", value => options.MaxFrameSize = value);
        section.Read<int>(nameof(options.Credits), "64", value => options.Credits = value);
        section.Read<int>(nameof(options.MaxLinks), "20", value => options.MaxLinks = value);
        section.Read<TimeSpan>(nameof(options.OpenTimeout), "00:00:05", value => options.OpenTimeout = value);
        section.Read<int>(nameof(options.Backlog), "128", value => options.Backlog = value);
        section.Read<int>(nameof(options.MaxPendingOpens), "64", value => options.MaxPendingOpens = value);
    }

    // Octal, as in chmod(1).
    private static UnixFileMode? ParseMode(string text) =>
        text.Length is 3 or 4 && !text.AsSpan().ContainsAnyExceptInRange('0', '7')
            ? (UnixFileMode)Convert.ToInt32(text, 8)
            : null;
}
