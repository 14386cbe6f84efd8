namespace FastForward.Transport.Session.Recovery;

/// <summary>
/// Distinguishes loss by congestion from random loss: a queue that overflows has grown before, so that the median
/// transit has risen. Times are in microseconds.
/// </summary>
internal sealed class CongestionWatch
{
    private const long Rise = 20_000;
    private const long Window = 15_000_000; // the least median of one to two of these counts

    // A route that has become longer while it loses frames looks like a queue, too. After this time its transit is
    // taken for normal; if the loss then grows with the copies, the next attempt is made after twice the time.
    private const long FirstPatience = 60_000_000;
    private const long LastPatience = 960_000_000;

    private uint _reference;
    private bool _hasReference;
    private RecentMinimum _normal = new(Window);
    private long _since; // of the congestion, or of the attempt after it
    private long _patience = FirstPatience;
    private double _lossBefore = double.MaxValue;

    /// <summary>The path is congested: more traffic would only lose more.</summary>
    public bool IsCongested { get; private set; }

    /// <summary>How much the median transit is above its least value of the last time.</summary>
    public long RisenBy { get; private set; }

    /// <summary>How much it was when the path became congested.</summary>
    public long RoseBy { get; private set; }

    /// <summary>New figures of the path.</summary>
    /// <param name="now">The time.</param>
    /// <param name="quality">The figures.</param>
    /// <param name="relevantLoss">Less loss than this ratio is no congestion.</param>
    public void Update(long now, in PathQuality quality, double relevantLoss)
    {
        if (!_hasReference)
            (_reference, _hasReference) = (quality.Transit.Base, true);
        long median = (int)(quality.Transit.Base - _reference) + quality.Transit.Median;
        if (!IsCongested)
            _normal.Add(now, median);
        RisenBy = median - _normal.Value;
        bool isLossy = quality.Loss >= relevantLoss;
        if (!IsCongested)
        {
            if (now - _since >= FirstPatience)
                (_patience, _lossBefore) = (FirstPatience, double.MaxValue); // the copies did no harm
            if (isLossy && (RisenBy > Rise || quality.Loss > _lossBefore * 1.5))
                Enter(now);
            return;
        }

        if (RisenBy < Rise / 2 && !isLossy)
        {
            IsCongested = false;
            _patience = FirstPatience;
            _lossBefore = double.MaxValue;
            _normal.Add(now, median);
        }
        else if (now - _since >= _patience)
        {
            IsCongested = false;
            _since = now;
            _lossBefore = quality.Loss;
            _normal.Set(median);
        }
    }

    private void Enter(long now)
    {
        if (_lossBefore != double.MaxValue)
            _patience = Math.Min(_patience * 2, LastPatience);
        IsCongested = true;
        RoseBy = RisenBy;
        _since = now;
    }
}
