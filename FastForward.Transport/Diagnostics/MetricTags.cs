using System.Diagnostics.Metrics;

namespace FastForward.Transport.Diagnostics;

/// <summary>
/// The tags of one series and their values. Tags of this project start with <c>fastforward</c>; the others are defined
/// by OpenTelemetry.
/// </summary>
internal readonly struct MetricTags
{
    public const string Node = "fastforward.node";
    public const string Peer = "fastforward.peer";
    public const string Reason = "fastforward.reason";
    public const string Event = "fastforward.event";
    public const string State = "fastforward.peer.state";
    public const string Transport = "network.transport";
    public const string Direction = "network.io.direction";

    private readonly KeyValuePair<string, object?>[] _tags;

    public MetricTags(uint node) => _tags = [new(Node, (long)node)];

    public MetricTags(uint node, uint peer) => _tags = [new(Node, (long)node), new(Peer, (long)peer)];

    public MetricTags(uint node, TransportKind kind) => _tags = [new(Node, (long)node), new(Transport, NameOf(kind))];

    public MetricTags(uint node, TransportKind kind, uint peer) =>
        _tags = [new(Node, (long)node), new(Peer, (long)peer), new(Transport, NameOf(kind))];

    /// <summary>In the order of <see cref="UndeliveredReason"/>.</summary>
    public static IReadOnlyList<string> UndeliveredReasons { get; } =
    [.. Enum.GetNames<UndeliveredReason>().Select(Word)];

    /// <summary>In the order of <see cref="PeerEventKind"/>.</summary>
    public static IReadOnlyList<string> PeerEvents { get; } = [.. Enum.GetNames<PeerEventKind>().Select(Word)];

    /// <summary>In the order of <see cref="PathChange"/>.</summary>
    public static IReadOnlyList<string> PathChanges { get; } = [.. Enum.GetNames<PathChange>().Select(Word)];

    /// <summary>In the order of <see cref="CopyReason"/>.</summary>
    public static IReadOnlyList<string> CopyReasons { get; } = [.. Enum.GetNames<CopyReason>().Select(Word)];

    /// <summary>In the order of <see cref="PeerState"/>.</summary>
    public static IReadOnlyList<string> PeerStates { get; } = [.. Enum.GetNames<PeerState>().Select(Word)];

    /// <summary>
    /// The value of <see cref="Transport"/>. OpenTelemetry defines <c>udp</c> and <c>unix</c>; the others are names of
    /// this project.
    /// </summary>
    public static string NameOf(TransportKind kind) =>
        kind switch
        {
            TransportKind.Ip => "udp",
            TransportKind.Socket => "unix",
            TransportKind.VSocket => "vsock",
            TransportKind.Rdma => "rdma",
            _ => "other",
        };

    public Measurement<long> Single(long value) => new(value, _tags);

    public Measurement<double> Seconds(long micros) => new(micros / 1e6, _tags);

    public Measurement<long> WithReason(string reason, long value) => With(Reason, reason, value);

    public Measurement<long> WithEvent(string word, long value) => With(Event, word, value);

    public Measurement<long> WithState(string state, long value) => With(State, state, value);

    public IEnumerable<Measurement<long>> BothDirections(long sent, long received) =>
        [With(Direction, "transmit", sent), With(Direction, "receive", received)];

    private Measurement<long> With(string key, string word, long value) => new(value, [.. _tags, new(key, word)]);

    /// <summary>PeerLost becomes peer_lost.</summary>
    public static string Word(string name) =>
        string.Concat(
            name.Select(
                static (letter, index) =>
                    char.IsUpper(letter) ? (index > 0 ? "_" : "") + char.ToLowerInvariant(letter) : letter.ToString()
            )
        );
}
