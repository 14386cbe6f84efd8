using FastForward.Transport.Node;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Impairment;

namespace FastForward.Transport;

public sealed partial class ForwardNode
{
    private static readonly TimeSpan s_pingTimeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Which of the given transports run, and why the others do not: a snapshot, empty before <see cref="Start"/>.
    /// Thread-safe.
    /// </summary>
    public IReadOnlyDictionary<TransportKind, TransportAvailability> Transports => _transports.Availability;

    /// <summary>
    /// The transports, where they listen, and why one does not run, as before <see cref="Start"/>. Thread-safe.
    /// </summary>
    public IReadOnlyList<TransportStatus> GetTransports() => _transports.Status;

    /// <summary>
    /// The impairment of the datagrams that the node sends, with its counters; null without
    /// <see cref="ForwardNodeOptions.Impairment"/>. Thread-safe.
    /// </summary>
    public ImpairmentStatistics? Impairment => _impairment?.Statistics;

    /// <summary>The transports that run. Thread-safe.</summary>
    internal IReadOnlyList<IForwardTransport> RunningTransports => _transports.Running;

    /// <summary>Whether the node is disposed. Thread-safe.</summary>
    internal bool HasEnded => _disposed;

    /// <summary>Whether the node is started and not disposed. Thread-safe.</summary>
    internal bool IsRunning => _started && !_disposed;

    /// <summary>A snapshot of a peer; null when no route leads to it.</summary>
    public PeerStatus? GetPeer(uint node)
    {
        Verify();
        return _routedPeers.StatusOf(node);
    }

    /// <summary>Evaluates the health of the node, on the loop thread.</summary>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public NodeHealth GetHealth()
    {
        Verify();
        return NodeHealth.Of(_started, isStopping: _stopping is not null, Transports, GetPeers());
    }

    /// <summary>
    /// Evaluates the health of the node. Thread-safe: the loop has to respond within <paramref name="limit"/>, so that
    /// a loop that has ended, or is blocked in a callback, is reported as unhealthy.
    /// </summary>
    /// <param name="limit">The longest time that the loop may take to respond; more than zero.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is not positive.</exception>
    /// <exception cref="OperationCanceledException">The check was cancelled.</exception>
    public async Task<NodeHealth> CheckHealthAsync(TimeSpan limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero);
        TaskCompletionSource<NodeHealth> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Post(() => answer.TrySetResult(GetHealth()));
        try
        {
            return await answer.Task.WaitAsync(limit, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return NodeHealth.LoopSilent(limit);
        }
    }

    /// <summary>A snapshot of all peers.</summary>
    public IReadOnlyList<PeerStatus> GetPeers()
    {
        Verify();
        return [.. _routedPeers.Statuses];
    }

    /// <summary>Nodes that sent handshakes although no route leads to them: the last 64.</summary>
    public IReadOnlyList<UnconfiguredNode> GetUnconfiguredNodes()
    {
        Verify();
        return Peers.Unconfigured(_loop.NowMicros);
    }

    /// <summary>
    /// Measures the round trip to a node, session to session, on every path to it; no actor of the peer takes part. A
    /// ping to the node's own id is answered locally.
    /// </summary>
    /// <param name="node">The peer.</param>
    /// <param name="callback">
    /// Called on the loop thread from a later duty cycle, once for each path, when the probe is answered or times out.
    /// It may call the node.
    /// </param>
    /// <param name="timeout">The time to wait for an answer, 1 ms to 1 min. Default 2 s.</param>
    /// <param name="size">Padding of probe and answer in bytes, 0 to 1100.</param>
    /// <returns>The number of probes sent, or why there are none. At most 256 may be in flight to a peer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Time-out or size is out of range.</exception>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public PingStart Ping(uint node, Action<PingResult> callback, TimeSpan? timeout = null, int size = 0)
    {
        Verify();
        ArgumentNullException.ThrowIfNull(callback);
        TimeSpan limit = timeout ?? s_pingTimeout;
        if (limit < TimeSpan.FromMilliseconds(1) || limit > TimeSpan.FromMinutes(1))
            throw new ArgumentOutOfRangeException(
                nameof(timeout),
                limit,
                "Must be 1 ms to 1 min; 2 s is a good value."
            );
        if (size is < 0 or > WireFormat.MaxRealTimeMessage)
            throw new ArgumentOutOfRangeException(
                nameof(size),
                size,
                $"Must be 0 to {WireFormat.MaxRealTimeMessage} bytes."
            );
        if (_stopping is not null)
            return new PingStart(PingStatus.Stopping, 0);
        if (node != _options.Node)
            return Peers.Find(node)?.Ping(_loop.NowMicros, (long)limit.TotalMicroseconds, size, callback)
                ?? new PingStart(PingStatus.UnknownNode, 0);
        _events.PingEnded(
            new PingResult(node, PingOutcome.Answered, null, true, TimeSpan.Zero, TimeSpan.Zero),
            callback
        );
        return new PingStart(PingStatus.Started, 1);
    }

    /// <summary>Whether an association with the node is up. Any thread may call it.</summary>
    internal bool IsAssociated(uint node) =>
        node == Id || _routedPeers.Published.Any(peer => peer.Node == node && peer.State != PeerState.Connecting);

    /// <summary>The figures of all peers. Thread-safe.</summary>
    internal IEnumerable<PeerReading> ReadPeers()
    {
        foreach (Peer peer in _routedPeers.Published)
        {
            // The path is read once, so that kind and figures are of the same path.
            PathReading? path = peer.SendPath is { Measurement: { SmoothedRoundTrip: > 0 } measured } used
                ? new PathReading(used.Kind, measured.SmoothedRoundTrip, measured.Jitter)
                : null;
            CopyReading? copies = peer.CopyPolicy is { } policy ? new CopyReading(policy.Copies, policy.Reason) : null;
            yield return new PeerReading(peer.Statistics, peer.State, peer.Association.StoredBytes, path, copies);
        }
    }
}
