using System.Collections.ObjectModel;
using System.Net;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Node;

/// <summary>
/// The transports of a node: which of them run, and why the others do not. Any thread may read: what the loop thread
/// changes are references to collections, which are replaced and never modified.
/// </summary>
internal sealed partial class TransportSet : IDisposable
{
    private static readonly ReadOnlyDictionary<TransportKind, TransportAvailability> s_none = new(
        new Dictionary<TransportKind, TransportAvailability>()
    );

    private readonly ForwardLoop _loop;
    private readonly ILogger _logger;
    private readonly IForwardTransport[] _given;
    private volatile IForwardTransport[] _running = [];
    private volatile IReadOnlyDictionary<TransportKind, TransportAvailability> _availability = s_none;

    public TransportSet(ForwardLoop loop, IEnumerable<IForwardTransport> transports, ILogger logger)
    {
        _loop = loop;
        _logger = logger;
        _given = [.. transports];
        if (_given.DistinctBy(static transport => transport.Kind).Count() != _given.Length)
            throw new ArgumentException("At most one transport of each kind is possible.", nameof(transports));
    }

    /// <summary>What the start has found, transport by transport; empty before it.</summary>
    public IReadOnlyDictionary<TransportKind, TransportAvailability> Availability => _availability;

    /// <summary>All given transports, in their order.</summary>
    public IReadOnlyList<TransportStatus> Status
    {
        get
        {
            IReadOnlyDictionary<TransportKind, TransportAvailability> known = _availability;
            return
            [
                .. _given.Select(transport => new TransportStatus(
                    transport.Kind,
                    known.TryGetValue(transport.Kind, out TransportAvailability availability)
                        ? availability.Reason
                        : "the node has not started it",
                    transport.LocalEndPoints
                )),
            ];
        }
    }

    /// <summary>The transports that run. The array is replaced, never modified.</summary>
    public IForwardTransport[] Running => _running;

    public IForwardTransport? Find(TransportKind kind)
    {
        foreach (IForwardTransport transport in _running)
        {
            if (transport.Kind == kind)
                return transport;
        }

        return null;
    }

    public string ReasonAgainst(TransportKind kind) =>
        _availability.TryGetValue(kind, out TransportAvailability availability) && availability.Reason is { } reason
            ? reason
            : "it was not given to the node";

    public void Start(uint node, ILinkSink sink)
    {
        foreach (IForwardTransport transport in _given)
        {
            TransportAvailability availability = transport.CheckAvailability();
            if (!availability.IsAvailable)
            {
                Publish(transport.Kind, availability);
                LogUnavailable(_logger, transport.Kind, availability.Reason!);
                continue;
            }

            transport.Start(_loop, sink);
            _loop.Add(transport);
            _running = [.. _running, transport];
            Publish(transport.Kind, availability);
            foreach (EndPoint endPoint in transport.LocalEndPoints)
                LogListening(_logger, node, transport.Kind, endPoint);
        }
    }

    public void StopAccepting()
    {
        foreach (IForwardTransport transport in _running)
            transport.StopAccepting();
    }

    public void Flush()
    {
        foreach (IForwardTransport transport in _running)
        {
            try
            {
                transport.Flush();
            }
            catch (Exception exception) when (_loop.Survives(exception, transport.GetType().Name)) { }
        }
    }

    public void Dispose()
    {
        foreach (IForwardTransport transport in _running)
            _loop.Remove(transport);
        foreach (IForwardTransport transport in _given)
            transport.Dispose();
        _running = [];
    }

    private void Publish(TransportKind kind, TransportAvailability availability) =>
        _availability = new Dictionary<TransportKind, TransportAvailability>(_availability) { [kind] = availability };

    [LoggerMessage(
        EventId = 1101,
        Level = LogLevel.Information,
        Message = "Node {Node} listens on {Transport} {EndPoint}"
    )]
    private static partial void LogListening(ILogger logger, uint node, TransportKind transport, EndPoint endPoint);

    [LoggerMessage(
        EventId = 1102,
        Level = LogLevel.Information,
        Message = "Transport {Transport} is not available: {Reason}"
    )]
    private static partial void LogUnavailable(ILogger logger, TransportKind transport, string reason);
}
