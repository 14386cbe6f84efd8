using System.Text;
using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports.Rdma;
using FastForward.Transport.Transports.VSocket;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Ini;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Instances;

/// <summary>
/// Turns an instance file into <see cref="InstanceSettings"/>, or into everything that is wrong with it.
/// </summary>
internal sealed class InstanceReader
{
    private static readonly string[] s_sectionKinds = ["OverriddenNodes", "Nodes", "registry", "bridge", "outlet"];

    private static readonly KeyValuePair<string, RealTimeRedundancy>[] s_redundancyWords =
    [
        new("auto", RealTimeRedundancy.Auto),
        new("off", RealTimeRedundancy.Off),
        new("always", RealTimeRedundancy.Always),
    ];

    private static readonly KeyValuePair<string, PathRedundancy>[] s_pathRedundancyWords =
    [
        new("when-doubtful", PathRedundancy.WhenDoubtful),
        new("off", PathRedundancy.Off),
        new("always", PathRedundancy.Always),
    ];

    private static readonly KeyValuePair<string, IdleStrategy>[] s_idleWords =
    [
        new("adaptive", IdleStrategy.Adaptive),
        new("busyspin", IdleStrategy.BusySpin),
        new("block", IdleStrategy.Block),
    ];

    private static readonly KeyValuePair<string, LogLevel>[] s_levelWords =
    [
        new("debug", LogLevel.Debug),
        new("information", LogLevel.Information),
        new("warning", LogLevel.Warning),
        new("error", LogLevel.Error),
    ];

    private static readonly KeyValuePair<string, VSocketType>[] s_vsocketWords =
    [
        new("auto", VSocketType.Auto),
        new("datagram", VSocketType.Datagram),
        new("seqpacket", VSocketType.SeqPacket),
        new("stream", VSocketType.Stream),
    ];

    private static readonly KeyValuePair<string, MessageClass>[] s_classWords =
    [
        new("reliable", MessageClass.Reliable),
        new("realtime", MessageClass.RealTime),
    ];

    private readonly string _file;
    private readonly List<InstanceProblem> _problems = [];
    private readonly InstanceText _text;
    private readonly IConfiguration _values;
    private readonly Dictionary<string, InstanceSection> _services = [];

    private InstanceReader(string file, string content)
    {
        _file = file;
        _text = InstanceText.Scan(file, content, _problems);
        using MemoryStream stream = new(Encoding.UTF8.GetBytes(_text.Sound));
        _values = new ConfigurationBuilder().Add(new IniStreamConfigurationSource { Stream = stream }).Build();
    }

    /// <summary>Reads a file.</summary>
    public static InstanceReading ReadFile(string file) =>
        InstanceFile.TryRead(file, out string text) is { } problem
            ? new InstanceReading(null, [problem])
            : Read(file, text);

    /// <summary>Reads the text of a file.</summary>
    /// <param name="file">The name for messages.</param>
    /// <param name="content">The text.</param>
    public static InstanceReading Read(string file, string content)
    {
        InstanceReader reader = new(file, content);
        InstanceSettings settings = reader.ReadSettings();
        return new InstanceReading(reader._problems.Count == 0 ? settings : null, reader.SortedProblems);
    }

    /// <summary>Reads where the control socket of a file's node is, whatever else is wrong with the file.</summary>
    public static InstanceControl ReadControl(string file)
    {
        if (InstanceFile.TryRead(file, out string text) is { } problem)
            return new InstanceControl(0, new RouteOptions().SocketDirectory, [], [problem]);
        InstanceReader reader = new(file, text);
        InstanceSettings settings = reader.ReadSettings();
        bool isNamed = !reader._problems.Exists(static problem => Is(problem.Key, "network"));
        return new InstanceControl(
            isNamed ? settings.Network : 0,
            settings.ControlDirectory,
            settings.AllowedUsers ?? [],
            reader.SortedProblems
        );
    }

    private IReadOnlyList<InstanceProblem> SortedProblems => [.. _problems.OrderBy(static problem => problem.Line)];

    private InstanceSettings ReadSettings()
    {
        SectionReader top = new(_file, _text.Top, _values, _problems);
        uint network = (uint)top.Number("network", 1, uint.MaxValue, null, "25011");
        RouteOptions routes = new();
        List<uint>? allowedUsers;
        InstanceSettings settings = new()
        {
            File = _file,
            Network = network,
            Port = (int)top.Number("port", 1, 65_535, 54_000, "54011"),
            Transports = NodeKeys.ReadTransports(top),
            Addresses = NodeKeys.ReadAddresses(top),
            SocketDirectory = routes.SocketDirectory =
                NodeKeys.ReadDirectory(top, "socket-directory", routes.SocketDirectory),
            ControlDirectory = NodeKeys.ReadControlDirectory(top, network, routes),
            SocketMode = NodeKeys.ReadSocketMode(top),
            SocketGroup = NodeKeys.ReadSocketGroup(top),
            AllowedUsers = allowedUsers = NodeKeys.ReadAllowedUsers(top),
            NodeUsers = NodeKeys.ReadNodeUsers(top, allowedUsers),
            KeyFile = NodeKeys.ReadKeyFile(top, Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY")),
            SharedMemory = (int)top.Number("shared-memory", 0, 1024, 64, "64"),
            VSocketType = top.Word("vsocket-type", VSocketType.Auto, s_vsocketWords),
            VSocketToHost = top.Switch("vsocket-to-host", false),
            RdmaAddresses = NodeKeys.ReadOnePerFamily(top, "rdma-addresses"),
            RdmaLinks = (int)top.Number("rdma-links", 1, 4096, new RdmaTransportOptions().MaxLinks, "20"),
            RdmaCredits = (int)top.Number("rdma-credits", 4, 1024, new RdmaTransportOptions().Credits, "64"),
            VSocketFallback = top.Switch("vsocket-fallback", false),
            MaxPaths = (int)top.Number("max-paths", 1, 16, new ForwardNodeOptions().MaxPaths, "4"),
            DiscoverLocalPeers = top.Switch("discover-local-peers", false),
            Redundancy = top.Word("redundancy", RealTimeRedundancy.Auto, s_redundancyWords),
            PathRedundancy = top.Word("path-redundancy", PathRedundancy.WhenDoubtful, s_pathRedundancyWords),
            ProbeMillis = (int)top.Number("probe-interval", 50, 5_000, 1000, "1000"),
            Idle = top.Word("idle", IdleStrategy.Adaptive, s_idleWords),
            AllowUnkeyedNetwork = routes.AllowUnkeyedNetwork = top.Switch("allow-unkeyed-network", false),
            RequireKey = NodeKeys.ReadRequireKey(top, out bool fromAll),
            RequireKeyFromAll = fromAll,
            SealLocal = top.Switch("seal-local", false),
            MarkRealTime = top.Word<bool>("realtime-dscp", false, [new("ef", true), new("off", false)]),
            SegmentationOffload = top.Switch("segmentation-offload", true),
            Impairment = NodeKeys.ReadImpairment(top),
            PeerMetrics = top.Switch("peer-metrics", false),
            LogLevel = top.Word("log-level", LogLevel.Information, s_levelWords),
            OverriddenNodes = [],
            Nodes = [],
            Registries = [],
            Bridges = [],
            Outlets = [],
        };
        if (settings is { VSocketType: VSocketType.Datagram, VSocketToHost: true })
            top.Contradiction(
                "vsocket-to-host",
                "goes with connections, not with vsocket-type = datagram",
                "vsocket-type = auto"
            );
        top.ReportUnknownKeys();
        return ReadSections(settings, routes);
    }

    private InstanceSettings ReadSections(InstanceSettings settings, RouteOptions options)
    {
        RouteSectionReader rows = new(_file, _values, _problems);
        List<RouteRow> overridden = [],
            nodes = [];
        List<RegistrySettings> registries = [];
        List<(InstanceSection Section, BridgeSettings Settings)> bridges = [];
        List<(InstanceSection Section, OutletSettings Settings)> outlets = [];
        foreach (InstanceSection section in _text.Sections)
        {
            if (Is(section.Name, "OverriddenNodes"))
                overridden.AddRange(rows.Read(section, RouteTable.OverriddenNodes));
            else if (Is(section.Name, "Nodes"))
                nodes.AddRange(rows.Read(section, RouteTable.Nodes));
            else if (Is(section.Kind, "registry"))
                registries.Add(RegistryReader.Read(_file, section, _values, _problems));
            else if (Is(section.Kind, "bridge"))
                bridges.Add((section, ReadBridge(section)));
            else if (Is(section.Kind, "outlet"))
                outlets.Add((section, ReadOutlet(section)));
            else
                ReportUnknownSection(section);
        }

        UdpPlaces places = new(_file, _problems);
        places.Add(settings, _text.Top);
        foreach ((InstanceSection section, BridgeSettings bridge) in bridges)
            places.Add(bridge, section);
        rows.Evaluate(overridden, nodes, options);
        HashSet<uint> reachable =
        [
            settings.Network,
            .. overridden.Select(static row => row.Node),
            .. nodes.Select(static row => row.Node),
        ];
        foreach ((InstanceSection section, BridgeSettings bridge) in bridges)
        {
            // A bridge without its node and a wrong row are reported already; a registry may lead to any node.
            if (bridge.Node == 0 || registries.Count > 0 || reachable.Contains(bridge.Node) || RowWasWrong(bridge.Node))
                continue;
            _problems.Add(
                new InstanceProblem(
                    _file,
                    section.LineOf("node"),
                    section.PathOf("node"),
                    $"no row of [OverriddenNodes] or [Nodes] leads to node {bridge.Node}, and it is not this node",
                    $"{bridge.Node} = 0, FORWARD_TRANSPORT_SOCKET, , 54012"
                )
            );
        }

        settings = settings with
        {
            OverriddenNodes = overridden,
            Nodes = nodes,
            Registries = registries,
            Bridges = [.. bridges.Select(static bridge => bridge.Settings)],
            Outlets = [.. outlets.Select(static outlet => outlet.Settings)],
        };
        foreach ((InstanceSection section, OutletSettings outlet) in outlets)
            ReportLoop(section, outlet, settings);
        return settings;
    }

    private void ReportLoop(InstanceSection section, OutletSettings outlet, InstanceSettings settings)
    {
        if (ServiceLoop.Find(outlet, settings.Network, settings.Bridges, settings.Outlets) is not { } bridge)
            return;
        _problems.Add(
            new InstanceProblem(
                _file,
                section.LineOf("target"),
                section.PathOf("target"),
                $"{outlet.Target} is where [{bridge.Name}] listens, which leads back to this outlet: each datagram "
                    + "would go round in a circle",
                "target = 127.0.0.1:53"
            )
        );
    }

    private BridgeSettings ReadBridge(InstanceSection section)
    {
        SectionReader keys = new(_file, section, _values, _problems);
        BridgeSettings bridge = new()
        {
            Name = section.Name,
            Listen = keys.EndPoint("listen", "127.0.0.1:5300"),
            Node = keys.Text("node") is null ? 0 : (uint)keys.Number("node", 1, uint.MaxValue, 0, "250012"),
            Service = ReadService(keys, section),
            Class = keys.Word("class", MessageClass.Reliable, s_classWords),
            IdleSeconds = (int)keys.Number("idle-seconds", 1, 86_400, 60, "60"),
            MaxClients = (int)keys.Number("max-clients", 1, 65_536, 1000, "1000"),
        };
        if (keys.Text("node") is null)
            keys.Missing("node", "250012");
        keys.ReportUnknownKeys();
        return bridge;
    }

    private OutletSettings ReadOutlet(InstanceSection section)
    {
        SectionReader keys = new(_file, section, _values, _problems);
        OutletSettings outlet = new()
        {
            Name = section.Name,
            Target = keys.EndPoint("target", "127.0.0.1:53"),
            Service = ReadService(keys, section),
            IdleSeconds = (int)keys.Number("idle-seconds", 1, 86_400, 120, "120"),
            MaxClients = (int)keys.Number("max-clients", 1, 65_536, 1000, "1000"),
        };
        keys.ReportUnknownKeys();
        return outlet;
    }

    /// <summary>
    /// A service has at most one bridge and one outlet in a file, so that each message has one receiver.
    /// </summary>
    private ushort ReadService(SectionReader keys, InstanceSection section)
    {
        int before = _problems.Count;
        ushort service = (ushort)keys.Number("service", 1, 32_767, null, "1");
        if (_problems.Count == before && !_services.TryAdd($"{section.Kind.ToLowerInvariant()} {service}", section))
        {
            InstanceSection first = _services[$"{section.Kind.ToLowerInvariant()} {service}"];
            keys.Wrong("service", $"{service}", $"is taken by [{first.Name}] in line {first.Line}", "2");
        }

        return service;
    }

    private void ReportUnknownSection(InstanceSection section)
    {
        string? near = NearestName.Of(section.Kind, s_sectionKinds);
        string advice = near is null
            ? "the sections are [OverriddenNodes], [Nodes], [registry <name>], [bridge <name>], [outlet <name>]"
            : $"did you mean [{near}]?";
        _problems.Add(
            new InstanceProblem(
                _file,
                section.Line,
                $"[{section.Name}]",
                $"is no section of an instance file{NearestName.Foreign(section.Kind)}; {advice}"
            )
        );
    }

    private bool RowWasWrong(uint node) =>
        _problems.Exists(problem => problem.Key.EndsWith($"Nodes:{node}", StringComparison.OrdinalIgnoreCase));

    private static bool Is(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
