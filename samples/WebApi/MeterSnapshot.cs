using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using FastForward.Transport.Diagnostics;

namespace FastForward.Samples.WebApi;

/// <summary>The node's metrics as text, read at each request. A real program adds the meter to OpenTelemetry.</summary>
internal sealed class MeterSnapshot : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly StringBuilder _text = new();

    public MeterSnapshot()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == ForwardMetrics.MeterName)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>A line for each series: its name, tags and value.</summary>
    public string Read()
    {
        lock (_text)
        {
            _text.Clear();
            _listener.RecordObservableInstruments();
            return _text.ToString();
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        _text.Append(instrument.Name);
        foreach (KeyValuePair<string, object?> tag in tags)
            _text.Append(CultureInfo.InvariantCulture, $" {tag.Key}={tag.Value}");
        _text.AppendLine(CultureInfo.InvariantCulture, $" {value}");
    }
}
