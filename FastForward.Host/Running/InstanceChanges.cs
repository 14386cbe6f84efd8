using System.Globalization;
using FastForward.Host.Instances;

namespace FastForward.Host.Running;

/// <summary>What of an instance file takes effect at a start only.</summary>
internal static class InstanceChanges
{
    // The key and its value, as text to compare and to show.
    private static readonly (string Key, Func<InstanceSettings, string> Value)[] s_keys =
    [
        ("network", static settings => Text(settings.Network)),
        ("port", static settings => Text(settings.Port)),
        ("transports", static settings => List(settings.Transports)),
        ("addresses", static settings => List(settings.Addresses)),
        ("socket-directory", static settings => settings.SocketDirectory),
        ("control-directory", static settings => settings.ControlDirectory),
        ("socket-mode", static settings => Text(settings.SocketMode)),
        ("socket-group", static settings => settings.SocketGroup ?? ""),
        ("allowed-users", static settings => List(settings.AllowedUsers)),
        ("node-users", static settings => List(settings.NodeUsers?.OrderBy(static pair => pair.Key))),
        ("shared-memory", static settings => Text(settings.SharedMemory)),
        ("vsocket-type", static settings => Text(settings.VSocketType)),
        ("vsocket-to-host", static settings => Text(settings.VSocketToHost)),
        ("rdma-addresses", static settings => List(settings.RdmaAddresses)),
        ("rdma-links", static settings => Text(settings.RdmaLinks)),
        ("rdma-credits", static settings => Text(settings.RdmaCredits)),
        ("vsocket-fallback", static settings => Text(settings.VSocketFallback)),
        ("max-paths", static settings => Text(settings.MaxPaths)),
        ("discover-local-peers", static settings => Text(settings.DiscoverLocalPeers)),
        ("redundancy", static settings => Text(settings.Redundancy)),
        ("path-redundancy", static settings => Text(settings.PathRedundancy)),
        ("probe-interval", static settings => Text(settings.ProbeMillis)),
        ("idle", static settings => Text(settings.Idle)),
        ("allow-unkeyed-network", static settings => Text(settings.AllowUnkeyedNetwork)),
        ("require-key", static settings => settings.RequireKeyFromAll ? "all" : List(settings.RequireKey?.Order())),
        ("seal-local", static settings => Text(settings.SealLocal)),
        ("realtime-dscp", static settings => Text(settings.MarkRealTime)),
        ("segmentation-offload", static settings => Text(settings.SegmentationOffload)),
        ("impair", static settings => Text(settings.Impairment)),
        ("peer-metrics", static settings => Text(settings.PeerMetrics)),
    ];

    /// <summary>The keys and sections that differ from those of the start.</summary>
    public static IReadOnlyList<string> NeedRestart(InstanceSettings started, InstanceSettings read) =>
        [
            .. s_keys.Where(entry => entry.Value(started) != entry.Value(read)).Select(static entry => entry.Key),
            .. Sections(
                started.Registries.ToDictionary(
                    static registry => registry.Name,
                    static registry => registry.ToString()
                ),
                read.Registries.ToDictionary(static registry => registry.Name, static registry => registry.ToString())
            ),
            .. Sections(
                started.Bridges.ToDictionary(static bridge => bridge.Name, static bridge => bridge.ToString()),
                read.Bridges.ToDictionary(static bridge => bridge.Name, static bridge => bridge.ToString())
            ),
            .. Sections(
                started.Outlets.ToDictionary(static outlet => outlet.Name, static outlet => outlet.ToString()),
                read.Outlets.ToDictionary(static outlet => outlet.Name, static outlet => outlet.ToString())
            ),
        ];

    private static IEnumerable<string> Sections(Dictionary<string, string> started, Dictionary<string, string> read) =>
        started
            .Keys.Union(read.Keys)
            .Where(name => started.GetValueOrDefault(name) != read.GetValueOrDefault(name))
            .Select(static name => $"[{name}]");

    private static string Text<T>(T value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    private static string List<T>(IEnumerable<T>? values) => values is null ? "" : string.Join(", ", values);
}
