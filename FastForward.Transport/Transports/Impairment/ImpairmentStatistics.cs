namespace FastForward.Transport.Transports.Impairment;

/// <summary>
/// What a node did on purpose to the datagrams that it sends, since its start. Written by the loop thread; any thread
/// may read.
/// </summary>
public sealed class ImpairmentStatistics
{
    private long _frames;
    private long _lost;
    private long _lostInOutages;
    private long _overflowed;
    private long _duplicated;
    private long _delayed;

    internal ImpairmentStatistics(ImpairmentOptions options) => Options = options;

    /// <summary>The settings, with the seed that is in use.</summary>
    public ImpairmentOptions Options { get; }

    /// <summary>Frames that were to be sent.</summary>
    public long Frames => Volatile.Read(ref _frames);

    /// <summary>Frames that were lost, those of outages apart.</summary>
    public long Lost => Volatile.Read(ref _lost);

    /// <summary>Frames that were lost in an outage.</summary>
    public long LostInOutages => Volatile.Read(ref _lostInOutages);

    /// <summary>
    /// Frames and copies that were dropped for lack of room: of <see cref="ImpairmentOptions.QueueFrames"/>, or of the
    /// medium at the end of their delay.
    /// </summary>
    public long Overflowed => Volatile.Read(ref _overflowed);

    /// <summary>Frames of which a copy was sent as well.</summary>
    public long Duplicated => Volatile.Read(ref _duplicated);

    /// <summary>Frames and copies that were delayed.</summary>
    public long Delayed => Volatile.Read(ref _delayed);

    internal void Frame() => _frames++;

    internal void LoseFrame() => _lost++;

    internal void LoseInOutage() => _lostInOutages++;

    internal void Overflow() => _overflowed++;

    internal void Duplicate() => _duplicated++;

    internal void Delay() => _delayed++;
}
