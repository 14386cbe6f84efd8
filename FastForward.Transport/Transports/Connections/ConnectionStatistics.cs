namespace FastForward.Transport.Transports.Connections;

/// <summary>
/// Counters of a transport whose medium has connections, since its start. Written by the loop thread; any thread may
/// read.
/// </summary>
internal class ConnectionStatistics : TransportStatistics
{
    private long _linksOpened;
    private long _openFailures;
    private long _otherOpenFailures;
    private long _notPermitted;
    private long _protocolViolations;
    private long _acceptPauses;
    private long _bells;

    internal ConnectionStatistics() { }

    /// <summary>Links that opened, inbound and outbound.</summary>
    public long LinksOpened => Volatile.Read(ref _linksOpened);

    /// <summary>
    /// Links, inbound and outbound, that ended before they opened and were not closed by this side.
    /// </summary>
    public long OpenFailures => Volatile.Read(ref _openFailures);

    /// <summary>Links refused by either side because of the user or machine of the other.</summary>
    public long NotPermitted => Volatile.Read(ref _notPermitted);

    /// <summary>Links closed because the peer violated the opening exchange or the framing.</summary>
    public long ProtocolViolations => Volatile.Read(ref _protocolViolations);

    /// <summary>Times accepting was paused because descriptors or memory ran out.</summary>
    public long AcceptPauses => Volatile.Read(ref _acceptPauses);

    /// <summary>Times a sleeping peer was woken through a socket, because its memory had something new.</summary>
    public long Bells => Volatile.Read(ref _bells);

    /// <inheritdoc/>
    public override IEnumerable<KeyValuePair<string, long>> FailedLinks =>
        [
            new("not_opened", Volatile.Read(ref _otherOpenFailures)),
            new("not_permitted", NotPermitted),
            new("protocol_violation", ProtocolViolations),
        ];

    internal void Opened() => _linksOpened++;

    internal void AcceptPaused() => _acceptPauses++;

    internal void Rung() => _bells++;

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
            _otherOpenFailures++;
    }
}
