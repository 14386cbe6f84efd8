namespace FastForward.Transport.Session;

/// <summary>Round-trip time and jitter of one path, in microseconds.</summary>
internal sealed class PathMeasurement
{
    private const int SettlingSamples = 4;

    private int _samples;
    private uint _lastTransit;
    private bool _hasTransit;
    private long _scaledJitter;

    /// <summary>
    /// Smoothed round-trip time (RFC 6298, section 2); 0 before the first sample. It begins with the shortest of the
    /// first four: at the start of a process both sides still compile what they run.
    /// </summary>
    public long SmoothedRoundTrip { get; private set; }

    public long RoundTripVariation { get; private set; }

    /// <summary>Interarrival jitter (RFC 3550, section 6.4.1).</summary>
    public long Jitter => _scaledJitter >> 4;

    public void AddRoundTrip(long sample)
    {
        if (sample < 0)
            return;
        if (_samples < SettlingSamples)
        {
            long shortest = _samples++ == 0 ? sample : Math.Min(sample, SmoothedRoundTrip);
            SmoothedRoundTrip = Math.Max(shortest, 1);
            RoundTripVariation = shortest / 2;
            return;
        }

        RoundTripVariation += (Math.Abs(SmoothedRoundTrip - sample) - RoundTripVariation) / 4;
        SmoothedRoundTrip = Math.Max(SmoothedRoundTrip + ((sample - SmoothedRoundTrip) / 8), 1);
    }

    /// <summary>The path leads elsewhere: what is known of its round trip does not count any more.</summary>
    public void Restart()
    {
        _samples = 0;
        SmoothedRoundTrip = 0;
        RoundTripVariation = 0;
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
