namespace FastForward.Transport.Transports;

/// <summary>
/// What every transport counts, whatever its medium, since its start. Written by the loop thread; any thread may read.
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

    /// <summary>Frames handed to the medium.</summary>
    public long FramesSent => Volatile.Read(ref _framesSent);

    /// <summary>Bytes of the frames handed to the medium.</summary>
    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>Claims answered with <see cref="ClaimResult.BackPressured"/>.</summary>
    public long BackPressure => Volatile.Read(ref _backPressure);

    /// <summary>
    /// Frames that the transport itself dropped, by reason: a fixed set of short words, disjoint. They become the tags
    /// of a metric.
    /// </summary>
    public virtual IEnumerable<KeyValuePair<string, long>> DroppedFrames => [];

    /// <summary>
    /// Links that came to nothing or were ended for a fault, by reason, as in <see cref="DroppedFrames"/>.
    /// </summary>
    public virtual IEnumerable<KeyValuePair<string, long>> FailedLinks => [];

    /// <summary>Counts a delivered frame. Loop thread only, like all that follow.</summary>
    protected internal void Received(int bytes)
    {
        _framesReceived++;
        _bytesReceived += bytes;
    }

    /// <summary>Counts frames that the medium took.</summary>
    protected internal void Sent(int frames, long bytes)
    {
        _framesSent += frames;
        _bytesSent += bytes;
    }

    /// <summary>Counts a claim that was refused for want of room.</summary>
    protected internal void Refused() => _backPressure++;
}
