namespace FastForward.Transport.Transports;

/// <summary>
/// The counters common to all transports, since the start. Written by the loop thread; any thread may read.
/// </summary>
public abstract class TransportStatistics
{
    private long _framesReceived;
    private long _bytesReceived;
    private long _framesSent;
    private long _bytesSent;
    private long _backPressure;

    /// <summary>Frames delivered to links.</summary>
    public long FramesReceived => Volatile.Read(ref _framesReceived);

    /// <summary>Bytes of the delivered frames.</summary>
    public long BytesReceived => Volatile.Read(ref _bytesReceived);

    /// <summary>Frames passed to the medium.</summary>
    public long FramesSent => Volatile.Read(ref _framesSent);

    /// <summary>Bytes of the frames passed to the medium.</summary>
    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>Claims that returned <see cref="ClaimResult.BackPressured"/>.</summary>
    public long BackPressure => Volatile.Read(ref _backPressure);

    /// <summary>
    /// Frames that the transport dropped, by reason: a fixed set of short, disjoint words, used as tags of a metric.
    /// </summary>
    public virtual IEnumerable<KeyValuePair<string, long>> DroppedFrames => [];

    /// <summary>
    /// Links that failed to open or were closed because of an error, by reason, as in <see cref="DroppedFrames"/>.
    /// </summary>
    public virtual IEnumerable<KeyValuePair<string, long>> FailedLinks => [];

    /// <summary>Counts a delivered frame. Loop thread only, like the methods below.</summary>
    protected internal void Received(int bytes)
    {
        _framesReceived++;
        _bytesReceived += bytes;
    }

    /// <summary>Counts frames that the medium accepted.</summary>
    protected internal void Sent(int frames, long bytes)
    {
        _framesSent += frames;
        _bytesSent += bytes;
    }

    /// <summary>Counts a claim that was refused for lack of room.</summary>
    protected internal void Refused() => _backPressure++;
}
