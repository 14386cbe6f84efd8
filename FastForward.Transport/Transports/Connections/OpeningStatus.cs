namespace FastForward.Transport.Transports.Connections;

/// <summary>The status in an <see cref="OpeningPacket"/>: values on the wire. Unknown ones are refusals.</summary>
internal enum OpeningStatus : ushort
{
    /// <summary>The sender accepts the link.</summary>
    Welcome = 0,

    /// <summary>The sender does not allow the user or machine of the receiver.</summary>
    NotPermitted = 1,

    /// <summary>The sender has as many links as it can have; the detail is their number.</summary>
    Full = 2,
}
