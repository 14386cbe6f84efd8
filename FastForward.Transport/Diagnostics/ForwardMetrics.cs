using System.Diagnostics.Metrics;
using FastForward.Transport.Node;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Diagnostics;

/// <summary>
/// The meter <c>FastForward.Transport</c>: exposes the counters of the nodes of a process to metric listeners
/// (OpenTelemetry, <c>dotnet-counters</c>). Names, units and tags are in docs/operations.md of the project.
/// </summary>
/// <remarks>
/// <para>One object serves all nodes of a process (<see cref="Add(ForwardNode)"/>).</para>
/// <para>All instruments are observable: the listener's thread reads counters that the loop thread maintains in any
/// case, so metrics add no cost per message. Tags are bounded by the configuration: nodes, routed peers, kinds of
/// transports, fixed sets of reasons.</para>
/// <para>Thread-safe.</para>
/// </remarks>
public sealed partial class ForwardMetrics : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "FastForward.Transport";

    private readonly Meter? _ownMeter;
    private readonly Lock _change = new();
    private volatile ForwardNode[] _nodes = [];

    /// <summary>Creates the meter and its instruments.</summary>
    /// <param name="factory">Creates and owns the meter; when null, this object owns it.</param>
    /// <param name="peerDetails">
    /// Adds the instruments that have many series for each peer: frames, drops and undelivered messages by reason,
    /// events, the send store. Without them a peer has seven series.
    /// </param>
    public ForwardMetrics(IMeterFactory? factory = null, bool peerDetails = false)
    {
        MeterOptions options = new(MeterName)
        {
            Version = typeof(ForwardMetrics).Assembly.GetName().Version?.ToString(3),
        };
        Meter meter = factory?.Create(options) ?? (_ownMeter = new Meter(options));
        AddPeers(meter);
        if (peerDetails)
            AddPeerDetails(meter);
        AddTransports(meter);
        AddLoops(meter);
        AddRegistries(meter);
    }

    /// <summary>Disposes the meter, unless a factory owns it.</summary>
    public void Dispose() => _ownMeter?.Dispose();

    /// <summary>Adds a node, which is observed while it runs. Idempotent.</summary>
    /// <param name="node">The node; it need not be started.</param>
    public void Add(ForwardNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        lock (_change)
        {
            if (!_nodes.Contains(node))
                _nodes = [.. _nodes, node];
        }
    }

    private void AddPeers(Meter meter)
    {
        meter.CreateObservableCounter(
            "fastforward.peer.messages",
            Peers(static (tags, peer) => tags.BothDirections(peer.MessagesSent, peer.MessagesReceived)),
            "{message}",
            "Messages accepted for a peer, and messages from it passed to the handler."
        );
        meter.CreateObservableCounter(
            "fastforward.peer.io",
            Peers(static (tags, peer) => tags.BothDirections(peer.BytesSent, peer.BytesReceived)),
            "By",
            "Payload of these messages."
        );
        meter.CreateObservableCounter(
            "fastforward.peer.messages.lost",
            Peers(static (tags, peer) => [tags.Single(peer.SkippedMessages)]),
            "{message}",
            "Real-time messages of a peer that were lost."
        );
        meter.CreateObservableCounter(
            "fastforward.peer.messages.undelivered",
            Peers(static (tags, peer) => [tags.Single(peer.UndeliveredMessages)]),
            "{message}",
            "Messages that were accepted for a peer and not delivered."
        );
        meter.CreateObservableUpDownCounter(
            "fastforward.peers",
            () => Each(CountPeers),
            "{peer}",
            "Peers with a route, by the state of their connection."
        );
        meter.CreateObservableGauge(
            "fastforward.peer.round_trip",
            () => Each(node => Measured(node, static path => path.RoundTripMicros)),
            "s",
            "Smoothed round trip (RFC 6298) of the path in use to a peer."
        );
        meter.CreateObservableCounter(
            "fastforward.node.messages.undelivered",
            () =>
                Each(static node =>
                    MetricTags.UndeliveredReasons.Select(
                        (word, reason) =>
                            new MetricTags(node.Id).WithReason(
                                word,
                                node.Statistics.Undelivered((UndeliveredReason)reason)
                            )
                    )
                ),
            "{message}",
            "Messages of all peers that were accepted and not delivered."
        );
        meter.CreateObservableCounter(
            "fastforward.node.events",
            () =>
                Each(static node =>
                    MetricTags.PeerEvents.Select(
                        (word, kind) =>
                            new MetricTags(node.Id).WithEvent(word, node.Statistics.Events((PeerEventKind)kind))
                    )
                ),
            "{event}",
            "Events of the connections to all peers, such as path changes and losses."
        );
    }

    private void AddTransports(Meter meter)
    {
        Func<IEnumerable<Measurement<long>>> transports(
            Func<MetricTags, TransportStatistics, IEnumerable<Measurement<long>>> read
        ) =>
            () =>
                Each(node =>
                    node.RunningTransports.SelectMany(transport =>
                        read(new MetricTags(node.Id, transport.Kind), transport.Statistics)
                    )
                );
        meter.CreateObservableCounter(
            "fastforward.transport.frames",
            transports(static (tags, transport) => tags.BothDirections(transport.FramesSent, transport.FramesReceived)),
            "{frame}",
            "Frames over a transport."
        );
        meter.CreateObservableCounter(
            "fastforward.transport.io",
            transports(static (tags, transport) => tags.BothDirections(transport.BytesSent, transport.BytesReceived)),
            "By",
            "Bytes of these frames."
        );
        meter.CreateObservableCounter(
            "fastforward.transport.frames.dropped",
            transports(
                static (tags, transport) =>
                    transport.DroppedFrames.Select(drop => tags.WithReason(drop.Key, drop.Value))
            ),
            "{frame}",
            "Frames that a transport dropped."
        );
        meter.CreateObservableCounter(
            "fastforward.transport.links.failed",
            transports(
                static (tags, transport) =>
                    transport.FailedLinks.Select(failure => tags.WithReason(failure.Key, failure.Value))
            ),
            "{link}",
            "Links that failed to open, or were closed because of an error."
        );
        meter.CreateObservableCounter(
            "fastforward.transport.back_pressure",
            transports(static (tags, transport) => [tags.Single(transport.BackPressure)]),
            "{frame}",
            "Times a medium accepted no frame for the moment."
        );
        meter.CreateObservableCounter(
            "fastforward.node.stranger_frames",
            () => Each<long>(static node => [new MetricTags(node.Id).Single(node.Statistics.StrangerFrames)]),
            "{frame}",
            "Frames that belong to no link."
        );
        meter.CreateObservableCounter(
            "fastforward.node.handshakes.refused",
            () => Each<long>(static node => [new MetricTags(node.Id).Single(node.Statistics.RefusedHandshakes)]),
            "{handshake}",
            "Handshakes that were dropped or refused."
        );
    }

    private void AddLoops(Meter meter)
    {
        Func<IEnumerable<Measurement<long>>> loops(Func<Loop.LoopStatistics, long> read) =>
            () => Each<long>(node => [new MetricTags(node.Id).Single(read(node.LoopStatistics))]);
        meter.CreateObservableCounter(
            "fastforward.loop.cycles",
            loops(static loop => loop.Cycles),
            "{cycle}",
            "Duty cycles of the node's loop."
        );
        meter.CreateObservableCounter(
            "fastforward.loop.cycles.slow",
            loops(static loop => loop.SlowCycles),
            "{cycle}",
            "Cycles longer than the limit (SlowCycleLimit)."
        );
        meter.CreateObservableCounter(
            "fastforward.loop.sleeps",
            loops(static loop => loop.Sleeps),
            "{sleep}",
            "Times the loop waited in the kernel for an event, however short."
        );
        meter.CreateObservableCounter(
            "fastforward.loop.stalls",
            loops(static loop => loop.Stalls),
            "{stall}",
            "Times the process did not run for half a second or more."
        );
        meter.CreateObservableCounter(
            "fastforward.loop.callback_failures",
            loops(static loop => loop.CallbackFailures),
            "{exception}",
            "Exceptions thrown by callbacks."
        );
        meter.CreateObservableGauge(
            "fastforward.loop.cycle.longest",
            () =>
                Each(static node =>
                    new[] { new MetricTags(node.Id).Seconds(node.LoopStatistics.RecentLongestCycleMicros) }
                ),
            "s",
            "The longest cycle of the last 10 to 20 s."
        );
    }

    private IEnumerable<Measurement<T>> Each<T>(Func<ForwardNode, IEnumerable<Measurement<T>>> read)
        where T : struct
    {
        if (_nodes.Any(static node => node.HasEnded))
        {
            lock (_change)
                _nodes = [.. _nodes.Where(static node => !node.HasEnded)];
        }

        return _nodes.Where(static node => node.IsRunning).SelectMany(read);
    }

    private Func<IEnumerable<Measurement<long>>> Peers(
        Func<MetricTags, PeerStatistics, IEnumerable<Measurement<long>>> read
    ) => () => Each(node => Counted(node).SelectMany(peer => read(new MetricTags(node.Id, peer.Node), peer)));

    private static IEnumerable<PeerStatistics> Counted(ForwardNode node) =>
        node.ReadPeers().Select(static peer => peer.Statistics).Append(node.LocalStatistics);

    private static IEnumerable<Measurement<long>> CountPeers(ForwardNode node)
    {
        long[] counts = new long[MetricTags.PeerStates.Count];
        foreach (PeerReading peer in node.ReadPeers())
            counts[(int)peer.State]++;
        return MetricTags.PeerStates.Select((word, state) => new MetricTags(node.Id).WithState(word, counts[state]));
    }

    private static IEnumerable<Measurement<double>> Measured(ForwardNode node, Func<PathReading, long> readMicros)
    {
        foreach (PeerReading peer in node.ReadPeers())
        {
            if (peer.Path is { } path)
                yield return new MetricTags(node.Id, path.Transport, peer.Statistics.Node).Seconds(readMicros(path));
        }
    }
}
