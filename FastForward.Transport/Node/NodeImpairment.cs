using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Impairment;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Node;

/// <summary>The impairment of a node that is asked for: around its transports, in its log, and its counters.</summary>
internal sealed partial class NodeImpairment
{
    private readonly uint _node;
    private readonly ILogger _logger;

    public NodeImpairment(ImpairmentOptions options, uint node, ILogger logger)
    {
        _node = node;
        _logger = logger;
        Statistics = new ImpairmentStatistics(options with { Seed = options.Seed ?? (ulong)Random.Shared.Next() });
    }

    public ImpairmentStatistics Statistics { get; }

    public IEnumerable<IForwardTransport> Impair(IEnumerable<IForwardTransport> transports) =>
        transports.Select(transport => new ImpairedTransport(transport, Statistics, _node));

    public void Started() => LogStarted(_logger, _node, Statistics.Options);

    public void Stopped() =>
        LogStopped(
            _logger,
            _node,
            Statistics.Frames,
            Statistics.Lost,
            Statistics.LostInOutages,
            Statistics.Overflowed,
            Statistics.Duplicated,
            Statistics.Delayed
        );

    [LoggerMessage(
        EventId = 1105,
        Level = LogLevel.Warning,
        Message = "IMPAIRED: node {Node} loses, delays and repeats the datagrams that it sends on purpose, for "
            + "demonstrations and tests (impair = {Impairment}); remove that option where messages have to arrive"
    )]
    private static partial void LogStarted(ILogger logger, uint node, ImpairmentOptions impairment);

    [LoggerMessage(
        EventId = 1106,
        Level = LogLevel.Warning,
        Message = "IMPAIRED: of {Frames} datagrams of node {Node} {Lost} were lost on purpose, {Outage} in outages, "
            + "{Overflowed} for lack of room; {Duplicated} were sent twice, {Delayed} delayed"
    )]
    private static partial void LogStopped(
        ILogger logger,
        uint node,
        long frames,
        long lost,
        long outage,
        long overflowed,
        long duplicated,
        long delayed
    );
}
