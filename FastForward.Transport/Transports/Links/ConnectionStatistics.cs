namespace FastForward.Transport.Transports.Links;

/// <summary>
/// Counters, since its start, of a transport whose medium has connections. Written by the loop thread; any thread may read.
/// </summary>
public class ConnectionStatistics : TransportStatistics
{
    private long _linksOpened;
    private long _openFailures;
    private long _faultlessOpenFailures;
    private long _notPermitted;
    private long _protocolViolations;
    private long _acceptPauses;

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

    /// <inheritdoc/>
    public override IEnumerable<KeyValuePair<string, long>> FailedLinks =>
        [
            new("not_opened", Volatile.Read(ref _faultlessOpenFailures)),
            new("not_permitted", NotPermitted),
            new("protocol_violation", ProtocolViolations),
        ];

    internal void Opened() => _linksOpened++;

    internal void AcceptPaused() => _acceptPauses++;

    internal void Ended(LinkCloseReason reason, bool opened)
    {
        bool failed = !opened && reason is not (LinkCloseReason.ClosedLocally or LinkCloseReason.TransportStopped);
        if (failed)
            _openFailures++;
        if (reason == LinkCloseReason.NotPermitted)
            _notPermitted++;
        else if (reason == LinkCloseReason.ProtocolViolation)
            _protocolViolations++;
        else if (failed)
            _faultlessOpenFailures++;
    }
}
