namespace FastForward.Transport.Transports.Impairment;

/// <summary>
/// Decides the fate of each frame of a link. It depends on the seed and the number of the frame alone, never on time.
/// </summary>
internal sealed class FrameFates
{
    private readonly double _loss; // of a frame after one that was not lost
    private readonly double _lossAgain; // of a frame after one that was lost
    private readonly double _duplicate;
    private readonly double _reorder;
    private readonly long _delayMicros;
    private readonly double _jitterMicros;
    private SplitMix64 _random;
    private bool _isBad;

    public FrameFates(ImpairmentOptions options, ulong seed)
    {
        // The mean length of a burst is 1 / (1 - lossAgain); the share of lost frames is loss / (loss + 1 - lossAgain).
        double share = options.LossPercent / 100;
        double recovery = options.MeanBurst == 0 ? 1 - share : 1 / options.MeanBurst;
        _loss = share * recovery / (1 - share);
        _lossAgain = 1 - recovery;
        _duplicate = options.DuplicatePercent / 100;
        _reorder = options.ReorderPercent / 100;
        _delayMicros = (long)options.Delay.TotalMicroseconds;
        _jitterMicros = options.Jitter.TotalMicroseconds;
        _random = new SplitMix64(seed);
    }

    public FrameFate Next()
    {
        // Always the same number of draws, so that one setting does not change what the others do.
        _isBad = _random.NextDouble() < (_isBad ? _lossAgain : _loss);
        long delay = NextDelay();
        bool isReordered = _random.NextDouble() < _reorder;
        bool hasCopy = _random.NextDouble() < _duplicate;
        long copyDelay = NextDelay();
        return new FrameFate(_isBad, isReordered ? 0 : delay, hasCopy ? copyDelay : null);
    }

    private long NextDelay() => _delayMicros + (long)(_random.NextDouble() * _jitterMicros);
}
