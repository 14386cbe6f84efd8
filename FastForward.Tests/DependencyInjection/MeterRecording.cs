using System.Diagnostics.Metrics;
using FastForward.Transport.Diagnostics;

namespace FastForward.Tests.DependencyInjection;

/// <summary>Listens to one <see cref="ForwardMetrics"/> and records its measurements.</summary>
internal sealed class MeterRecording : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly List<Series> _series = [];
    private readonly List<Instrument> _instruments = [];
    private readonly Lock _sync = new();
    private int _thread = -1;

    public MeterRecording()
    {
        // Other tests create meters of the same name: only those created by this thread inside Listen are observed.
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name != ForwardMetrics.MeterName || Environment.CurrentManagedThreadId != _thread)
                return;
            lock (_sync)
                _instruments.Add(instrument);
            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) =>
                _series.Add(new Series(instrument, value, new Dictionary<string, object?>(tags.ToArray())))
        );
        _listener.SetMeasurementEventCallback<double>(
            (instrument, value, tags, _) =>
                _series.Add(new Series(instrument, value, new Dictionary<string, object?>(tags.ToArray())))
        );
        _listener.Start();
    }

    public IReadOnlyList<Instrument> Instruments => _instruments;

    public IReadOnlyList<Series> All => _series;

    public ForwardMetrics Listen(Func<ForwardMetrics> make)
    {
        _thread = Environment.CurrentManagedThreadId;
        try
        {
            return make();
        }
        finally
        {
            _thread = -1;
        }
    }

    /// <summary>Reads all instruments, on a thread other than the loop's, as listeners do.</summary>
    public void Observe()
    {
        _series.Clear();
        Eventually.RunsOnOtherThread(_listener.RecordObservableInstruments);
    }

    public IEnumerable<Series> Of(string instrument) => _series.Where(series => series.Instrument.Name == instrument);

    /// <summary>The one series with exactly these tag values, in this order.</summary>
    public double Value(string instrument, params object[] tags)
    {
        string[] wanted = [.. tags.Select(static tag => $"{tag}")];
        Series[] found =
        [
            .. Of(instrument)
                .Where(series => series.Tags.Values.Select(static value => $"{value}").SequenceEqual(wanted)),
        ];
        Assert.That(
            found,
            Has.Length.EqualTo(1),
            $"{instrument} with {string.Join(", ", wanted)} among {string.Join("; ", Of(instrument))}"
        );
        return found[0].Value;
    }

    public void Dispose() => _listener.Dispose();

    public sealed record Series(Instrument Instrument, double Value, IReadOnlyDictionary<string, object?> Tags)
    {
        public override string ToString() => $"{string.Join(",", Tags.Values)} = {Value}";
    }
}
