using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tarantool.Client.Diagnostics;

namespace Tarantool.Client.Connection;

/// <summary>Options, clock, logger and metrics shared by all parts of one client.</summary>
internal sealed class ClientContext(TarantoolClientOptions options) : IDisposable
{
    public TarantoolClientOptions Options { get; } = options;

    /// <summary>The addresses of all servers, for messages.</summary>
    public string Address { get; } = string.Join(", ", options.EndPoints.Select(AddressOf));

    public TimeProvider Time { get; } = options.TimeProvider;

    public ILogger Logger { get; } = options.LoggerFactory?.CreateLogger(Log.Category) ?? (ILogger)NullLogger.Instance;

    public TarantoolMetrics Metrics { get; } = new(options.MeterFactory, options.TimeProvider);

    /// <summary>The log entries about connections.</summary>
    public ConnectionReports Reports { get; } =
        new(options.LoggerFactory?.CreateLogger(Log.Category) ?? (ILogger)NullLogger.Instance, options.TimeProvider);

    /// <summary>Limits the reports of <see cref="TarantoolClient.StateChanged"/> handlers that throw.</summary>
    public ReportLimit FailedStateHandlers { get; } = new(options.TimeProvider);

    /// <summary>Limits the reports of receivers of pushed messages that throw.</summary>
    public ReportLimit FailedPushHandlers { get; } = new(options.TimeProvider);

    /// <summary>Limits the reports of pushed messages that cannot be decoded.</summary>
    public ReportLimit UnreadableMessages { get; } = new(options.TimeProvider);

    /// <summary>Limits the reports of values of watched keys that cannot be decoded.</summary>
    public ReportLimit UnreadableEvents { get; } = new(options.TimeProvider);

    /// <summary>
    /// A server's address for logs and messages. <see cref="DnsEndPoint"/>.ToString() would give
    /// "Unspecified/host:port", hence the special case.
    /// </summary>
    public static string AddressOf(EndPoint endPoint) =>
        endPoint is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : $"{endPoint}";

    /// <summary>
    /// The deadline of an operation that starts now, in ticks of <see cref="TimeProvider.GetTimestamp"/>.
    /// </summary>
    public long DeadlineAfter(TimeSpan timeout) =>
        timeout == Timeout.InfiniteTimeSpan
            ? long.MaxValue
            : Time.GetTimestamp() + (long)(timeout.TotalSeconds * Time.TimestampFrequency);

    /// <summary>The time left until a deadline: zero if it has passed, infinite if there is no deadline.</summary>
    public TimeSpan TimeUntil(long deadline)
    {
        if (deadline == long.MaxValue)
            return Timeout.InfiniteTimeSpan;
        TimeSpan left = Time.GetElapsedTime(Time.GetTimestamp(), deadline);
        return left < TimeSpan.Zero ? TimeSpan.Zero : left;
    }

    /// <summary>Thrown by requests when the connection is lost and automatic reconnect is disabled.</summary>
    public TarantoolConnectionException Ended(Exception? reason) =>
        new(
            $"There is no connection to {Address}, and the client may not reconnect "
                + $"({nameof(TarantoolClientOptions.AutoReconnect)} is false).",
            reason
        );

    public void Dispose() => Metrics.Dispose();
}
