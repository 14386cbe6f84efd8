namespace FastForward.Transport.Session.Recovery;

/// <summary>
/// Spreads the frames of a congestion window over its round trip, so that they do not fill a queue at once: a bucket
/// of bytes that fills at 1.25 windows per round trip (RFC 9002, section 7.7). Times are in microseconds.
/// </summary>
/// <param name="frameSize">Bytes of a full frame.</param>
internal sealed class Pacer(int frameSize)
{
    private const int BurstFrames = 10;
    private const long BurstMicros = 2_000;

    private double _bytes = BurstFrames * (double)frameSize;
    private double _bytesPerMicro;
    private long _filledAt;

    /// <summary>Adds what has become due since the last call.</summary>
    /// <param name="now">The time.</param>
    /// <param name="window">The congestion window, in bytes.</param>
    /// <param name="roundTrip">The smoothed round trip; 0 when it is not known yet.</param>
    public void Fill(long now, long window, long roundTrip)
    {
        _bytesPerMicro = 1.25 * window / Math.Max(roundTrip, 1);
        double burst = Math.Max(BurstFrames * frameSize, _bytesPerMicro * BurstMicros);
        _bytes = roundTrip == 0 ? burst : Math.Min(_bytes + ((now - _filledAt) * _bytesPerMicro), burst);
        _filledAt = now;
    }

    /// <summary>A frame may be sent now.</summary>
    public bool MaySend => _bytes >= 0;

    /// <summary>When a frame may be sent, by the last <see cref="Fill"/>.</summary>
    public long NextSend =>
        MaySend || _bytesPerMicro == 0 ? _filledAt : _filledAt + (long)Math.Ceiling(-_bytes / _bytesPerMicro);

    /// <summary>A frame was sent. One that did not wait for the bucket empties it, but makes no debt.</summary>
    public void OnSent(int bytes, bool hasWaited) =>
        _bytes = Math.Max(_bytes - bytes, hasWaited ? -BurstFrames * (double)frameSize : Math.Min(_bytes, 0));
}
