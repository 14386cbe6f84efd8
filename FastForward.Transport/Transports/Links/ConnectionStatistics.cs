namespace FastForward.Transport;

/// <summary>
/// Counters, since its start, of a transport whose medium has connections, or may have them. Written by the loop thread; any thread may read.
/// </summary>
public sealed class ConnectionStatistics
{
    private long _framesReceived;
    private long _bytesReceived;
    private long _framesSent;
    private long _bytesSent;
    private long _backPressure;
    private long _linksOpened;
    private long _openFailures;
    private long _notPermitted;
    private long _protocolViolations;
    private long _acceptPauses;

    /// <summary>Frames delivered.</summary>
    public long FramesReceived => Volatile.Read(ref _framesReceived);

    /// <summary>Octets of the delivered frames.</summary>
    public long BytesReceived => Volatile.Read(ref _bytesReceived);

    /// <summary>Frames handed to the kernel.</summary>
    public long FramesSent => Volatile.Read(ref _framesSent);

    /// <summary>Octets of the frames handed to the kernel.</summary>
    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>Claims answered with <see cref="ClaimResult.BackPressured"/>.</summary>
    public long BackPressure => Volatile.Read(ref _backPressure);

    /// <summary>Links that opened, in either direction.</summary>
    public long LinksOpened => Volatile.Read(ref _linksOpened);

    /// <summary>Connections, in either direction, that ended before they were open, for whatever reason but our own wish.</summary>
    public long OpenFailures => Volatile.Read(ref _openFailures);

    /// <summary>Links refused because of who the far end is, by either side.</summary>
    public long NotPermitted => Volatile.Read(ref _notPermitted);

    /// <summary>Links closed because the far end broke the rules.</summary>
    public long ProtocolViolations => Volatile.Read(ref _protocolViolations);

    /// <summary>Times accepting was paused because descriptors or memory ran out.</summary>
    public long AcceptPauses => Volatile.Read(ref _acceptPauses);

    internal void Received(int bytes)
    {
        _framesReceived++;
        _bytesReceived += bytes;
    }

    internal void Sent(int bytes)
    {
        _framesSent++;
        _bytesSent += bytes;
    }

    internal void Sent(int frames, long bytes)
    {
        _framesSent += frames;
        _bytesSent += bytes;
    }

    internal void Refused() => _backPressure++;

    internal void Opened() => _linksOpened++;

    internal void AcceptPaused() => _acceptPauses++;

    internal void Ended(LinkCloseReason reason, bool opened)
    {
        if (!opened && reason is not (LinkCloseReason.ClosedLocally or LinkCloseReason.TransportStopped)) _openFailures++;
        if (reason == LinkCloseReason.NotPermitted) _notPermitted++;
        if (reason == LinkCloseReason.ProtocolViolation) _protocolViolations++;
    }
}
