using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Tarantool.Client;

namespace FastForward.Tests.Tarantool;

/// <summary>Counts requests in flight and completed requests, using the client's metrics.</summary>
internal sealed class EndingCounter : IDisposable, IMeterFactory
{
    private readonly List<Meter> _meters = [];
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<Dictionary<string, object?>> _tags = new();
    private long _inFlight;
    private long _mostInFlight;
    private long _ended;
    private long _polls;

    public EndingCounter()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (_meters.Contains(instrument.Meter))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>(
            (instrument, value, _, _) =>
            {
                if (instrument.Name == "tarantool.client.requests.in_flight")
                    InterlockedMax(ref _mostInFlight, Interlocked.Add(ref _inFlight, value));
            }
        );
        _listener.SetMeasurementEventCallback<double>(
            (instrument, _, tags, _) =>
            {
                if (instrument.Name != "db.client.operation.duration")
                    return;
                Interlocked.Increment(ref _ended);
                _tags.Enqueue(tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value));
            }
        );
        _listener.Start();
    }

    public long InFlight => Interlocked.Read(ref _inFlight);

    public long MostInFlight => Interlocked.Read(ref _mostInFlight);

    public long Ended => Interlocked.Read(ref _ended);

    /// <summary>The tags of each completed request.</summary>
    public IReadOnlyCollection<Dictionary<string, object?>> Tags => _tags;

    /// <summary>The number of auxiliary requests that the test does not count.</summary>
    public long Polls => Interlocked.Read(ref _polls);

    public void Polled() => Interlocked.Increment(ref _polls);

    /// <summary>Sets the meter factory of the options to this counter.</summary>
    public TarantoolClientOptions Observe(TarantoolClientOptions options)
    {
        options.MeterFactory = this;
        return options;
    }

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        Meter meter = new(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        _listener.Dispose();
        foreach (Meter meter in _meters)
            meter.Dispose();
    }

    private static void InterlockedMax(ref long most, long value)
    {
        long seen = Interlocked.Read(ref most);
        while (value > seen)
        {
            long before = Interlocked.CompareExchange(ref most, value, seen);
            if (before == seen)
                return;
            seen = before;
        }
    }
}
