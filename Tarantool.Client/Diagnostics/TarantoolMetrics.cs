using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tarantool.Client.Protocol;

namespace Tarantool.Client.Diagnostics;

/// <summary>
/// The client's instruments. Names and units follow the OpenTelemetry semantic conventions for database clients where
/// they define one; instruments that start with <c>tarantool.client</c> are specific to this package.
/// </summary>
internal sealed class TarantoolMetrics : IDisposable
{
    public const string MeterName = "Tarantool.Client";

    private static readonly string?[] s_operations = OperationNames();

    private readonly Meter? _ownMeter;
    private readonly Histogram<double> _duration;
    private readonly UpDownCounter<long> _inFlight;
    private readonly Counter<long> _connections;
    private readonly Counter<long> _lateAnswers;
    private readonly Counter<long> _bytesSent;
    private readonly Counter<long> _bytesReceived;
    private readonly TimeProvider _time;

    public TarantoolMetrics(IMeterFactory? factory, TimeProvider time)
    {
        _time = time;
        Meter meter = factory?.Create(new MeterOptions(MeterName)) ?? (_ownMeter = new Meter(MeterName));
        _duration = meter.CreateHistogram<double>(
            "db.client.operation.duration",
            "s",
            "Duration of a request from sending to completion.",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] }
        );
        _inFlight = meter.CreateUpDownCounter<long>(
            "tarantool.client.requests.in_flight",
            "{request}",
            "Requests sent and not yet completed."
        );
        _connections = meter.CreateCounter<long>("tarantool.client.connections", "{connection}", "Connections opened.");
        _lateAnswers = meter.CreateCounter<long>(
            "tarantool.client.answers.late",
            "{answer}",
            "Responses to requests that had been cancelled or timed out."
        );
        _bytesSent = meter.CreateCounter<long>("tarantool.client.io.sent", "By", "Bytes sent.");
        _bytesReceived = meter.CreateCounter<long>("tarantool.client.io.received", "By", "Bytes received.");
    }

    public void RequestStarted() => _inFlight.Add(1);

    public void RequestEnded(RequestType type, long started, string? errorType, string? statusCode)
    {
        _inFlight.Add(-1);
        if (!_duration.Enabled)
            return;
        TagList tags = new() { { "db.system.name", "tarantool" }, { "db.operation.name", s_operations[(int)type] } };
        if (errorType is not null)
            tags.Add("error.type", errorType);
        if (statusCode is not null)
            tags.Add("db.response.status_code", statusCode);
        _duration.Record(_time.GetElapsedTime(started).TotalSeconds, tags);
    }

    public void Connected() => _connections.Add(1);

    public void LateAnswer() => _lateAnswers.Add(1);

    public void Sent(int bytes) => _bytesSent.Add(bytes);

    public void Received(long bytes) => _bytesReceived.Add(bytes);

    /// <summary>Disposes the meter unless an <see cref="IMeterFactory"/> owns it.</summary>
    public void Dispose() => _ownMeter?.Dispose();

    private static string?[] OperationNames()
    {
        RequestType[] types = Enum.GetValues<RequestType>();
        string?[] names = new string?[types.Max(type => (int)type) + 1];
        foreach (RequestType type in types)
            names[(int)type] = type.ToString().ToLowerInvariant();
        return names;
    }
}
