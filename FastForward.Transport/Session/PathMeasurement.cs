namespace FastForward.Transport.Session;

/// <summary>Round-trip time and jitter of one path, in microseconds.</summary>
internal sealed class PathMeasurement
{
    private uint _lastTransit;
    private bool _hasTransit;
    private long _scaledJitter;

    /// <summary>Smoothed round-trip time (RFC 6298, section 2); 0 before the first sample.</summary>
    public long SmoothedRoundTrip { get; private set; }

    public long RoundTripVariation { get; private set; }

    /// <summary>Interarrival jitter (RFC 3550, section 6.4.1).</summary>
    public long Jitter => _scaledJitter >> 4;

    public void AddRoundTrip(long sample)
    {
        if (sample < 0)
            return;
        if (SmoothedRoundTrip == 0)
        {
            SmoothedRoundTrip = Math.Max(sample, 1);
            RoundTripVariation = sample / 2;
            return;
        }

        RoundTripVariation += (Math.Abs(SmoothedRoundTrip - sample) - RoundTripVariation) / 4;
        SmoothedRoundTrip = Math.Max(SmoothedRoundTrip + ((sample - SmoothedRoundTrip) / 8), 1);
    }

    /// <summary>
    /// Adds the arrival of a frame. The clocks need not be synchronized: only differences of transit times are used.
    /// </summary>
    public void AddArrival(long now, uint timestamp)
    {
        uint transit = (uint)now - timestamp;
        if (_hasTransit)
        {
            long difference = Math.Abs((long)(int)(transit - _lastTransit));
            _scaledJitter += difference - ((_scaledJitter + 8) >> 4);
        }

        _lastTransit = transit;
        _hasTransit = true;
    }
}
