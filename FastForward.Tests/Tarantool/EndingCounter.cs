using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Tarantool.Client;

namespace FastForward.Tests.Tarantool;

/// <summary>Counts by the client's own metrics how many requests are in flight and how many ended.</summary>
internal sealed class EndingCounter : IDisposable, IMeterFactory
{
    private readonly List<Meter> _meters = [];
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<string> _errorTypes = new();
    private long _inFlight;
    private long _ended;
    private long _polls;

    public EndingCounter()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (_meters.Contains(instrument.Meter))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
        {
            if (instrument.Name == "tarantool.client.requests.in_flight")
                Interlocked.Add(ref _inFlight, value);
        });
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) =>
        {
            if (instrument.Name != "db.client.operation.duration")
                return;
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                if (tag.Key == "error.type")
                    _errorTypes.Enqueue((string)tag.Value!);
            }

            Interlocked.Increment(ref _ended);
        });
        _listener.Start();
    }

    public long InFlight => Interlocked.Read(ref _inFlight);

    public long Ended => Interlocked.Read(ref _ended);

    /// <summary>What the requests that failed ended with, by the name of the exception's type.</summary>
    public IEnumerable<string> ErrorTypes => _errorTypes;

    /// <summary>How many requests the test made beside those it counts.</summary>
    public long Polls => Interlocked.Read(ref _polls);

    public void Polled() => Interlocked.Increment(ref _polls);

    /// <summary>Makes a client with these options report here.</summary>
    public TarantoolClientOptions Observe(TarantoolClientOptions options)
    {
        options.MeterFactory = this;
        return options;
    }

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        _listener.Dispose();
        foreach (Meter meter in _meters)
            meter.Dispose();
    }
}
