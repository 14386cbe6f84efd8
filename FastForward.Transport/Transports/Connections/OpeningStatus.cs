namespace FastForward.Transport.Transports.Connections;

/// <summary>What an <see cref="OpeningPacket"/> answers. Numbers on the wire; unknown ones are refusals.</summary>
internal enum OpeningStatus : ushort
{
    /// <summary>The sender wants the link.</summary>
    Welcome = 0,

    /// <summary>The receiver of this packet is not one the sender talks to.</summary>
    NotPermitted = 1,
}
