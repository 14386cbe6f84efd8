using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tarantool.Client.Diagnostics;

namespace Tarantool.Client.Connection;

/// <summary>What all parts of one client share.</summary>
internal sealed class ClientContext(TarantoolClientOptions options) : IDisposable
{
    public TarantoolClientOptions Options { get; } = options;

    /// <summary>The address as people write it, for logs and messages: a <see cref="DnsEndPoint"/> itself says "Unspecified/host:port".</summary>
    public string Address { get; } =
        options.EndPoint is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : $"{options.EndPoint}";

    public TimeProvider Time { get; } = options.TimeProvider;

    public ILogger Logger { get; } = options.LoggerFactory?.CreateLogger(Log.Category) ?? (ILogger)NullLogger.Instance;

    public TarantoolMetrics Metrics { get; } = new(options.MeterFactory, options.TimeProvider);

    /// <summary>When something that starts now and may take this long is overdue, in ticks of the clock's timestamp.</summary>
    public long DeadlineAfter(TimeSpan timeout) =>
        timeout == Timeout.InfiniteTimeSpan
            ? long.MaxValue
            : Time.GetTimestamp() + (long)(timeout.TotalSeconds * Time.TimestampFrequency);

    /// <summary>How long it is until a deadline: never negative, and infinite if there is none.</summary>
    public TimeSpan TimeUntil(long deadline)
    {
        if (deadline == long.MaxValue)
            return Timeout.InfiniteTimeSpan;
        TimeSpan left = Time.GetElapsedTime(Time.GetTimestamp(), deadline);
        return left < TimeSpan.Zero ? TimeSpan.Zero : left;
    }

    /// <summary>For all that needs a connection when there will be none any more.</summary>
    public TarantoolConnectionException Ended(Exception? reason) =>
        new(
            $"There is no connection to {Address}, and the client may not reconnect ({nameof(TarantoolClientOptions.AutoReconnect)}).",
            reason
        );

    public void Dispose() => Metrics.Dispose();
}
