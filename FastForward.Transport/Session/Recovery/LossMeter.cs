namespace FastForward.Transport.Session.Recovery;

/// <summary>
/// How many of the sent frames of a path are lost, and how many in a row, from their fates in the order of their
/// numbers. Old frames count less and less.
/// </summary>
internal sealed class LossMeter
{
    private const int HalvedAt = 2_048;

    private int _frames;
    private int _lost;
    private int _bursts;
    private bool _isInBurst;

    /// <summary>So few frames say nothing.</summary>
    public const int Enough = 100;

    /// <summary>Frames that count.</summary>
    public int Frames => _frames;

    /// <summary>The ratio of lost frames, 0 to 1.</summary>
    public double Ratio => _frames == 0 ? 0 : (double)_lost / _frames;

    /// <summary>The mean number of frames lost in a row; 1 while none was lost.</summary>
    public double Burst => _bursts == 0 ? 1 : Math.Max((double)_lost / _bursts, 1);

    /// <summary>The fate of the next frame is known.</summary>
    public void Add(bool isLost)
    {
        _frames++;
        if (isLost)
        {
            _lost++;
            _bursts += _isInBurst ? 0 : 1;
        }

        _isInBurst = isLost;
        if (_frames < HalvedAt)
            return;
        _frames /= 2;
        _lost /= 2;
        _bursts /= 2;
    }
}
