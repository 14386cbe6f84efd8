namespace FastForward.Transport.Session.Wire;

/// <summary>
/// Sizes and limits of the wire format, version 1 (docs/protocol.md). All integers are little-endian.
/// </summary>
internal static class WireFormat
{
    public const byte Version = 1;

    /// <summary>
    /// Capabilities from this bit on are required by their sender: a node that does not know one refuses the handshake.
    /// Those below are optional, and ignored by a node that does not know them.
    /// </summary>
    public const int FirstRequiredCapability = 32;

    /// <summary>version u8, type u8, flags u16, receiver index u32: the start of every frame.</summary>
    public const int CommonHeader = 8;

    /// <summary>The common header, packet number u64, timestamp u32.</summary>
    public const int DataHeader = 20;

    /// <summary>INIT, RESPONSE and CONFIRM without their cryptographic block.</summary>
    public const int Handshake = 64;

    /// <summary>Where a handshake has the length of its cryptographic block, u16.</summary>
    public const int CryptoLength = 56;

    /// <summary>Where the common header has the generation of the keys, u8.</summary>
    public const int Generation = 2;

    public const int Reject = 32;

    /// <summary>The common header, incarnation u64, cookie, hash.</summary>
    public const int Cookie = CommonHeader + 8 + CryptoBlock.CookieLength + CryptoBlock.HashLength;

    /// <summary>type u8, flags u8, length u16.</summary>
    public const int ElementHeader = 4;

    /// <summary>Element header, stream u64, sequence u32.</summary>
    public const int MessageHeader = 16;

    /// <summary>budget u16, age u16.</summary>
    public const int RealTimeFields = 4;

    /// <summary>offset u16, reserved u16.</summary>
    public const int FragmentFields = 4;

    public const int StreamAck = ElementHeader + 24;
    public const int Credit = ElementHeader + 8;
    public const int Probe = ElementHeader + 4;

    /// <summary>The flag of a PROBE whose sender would get its messages on this path.</summary>
    public const byte ProbePrefers = 1;

    public const int ProbeReply = ElementHeader + 8;

    /// <summary>The longest probe or reply element that is written. It fits a frame of every medium.</summary>
    public const int LongestProbe = ProbeReply + MaxRealTimeMessage;
    public const int Close = ElementHeader + 4;
    public const int StreamReset = ElementHeader + 16;
    public const int StreamRefused = ElementHeader + 16;

    /// <summary>ACK without its bitmap.</summary>
    public const int Ack = ElementHeader + 12;

    /// <summary>The flag of an ACK that asks for an acknowledgement itself.</summary>
    public const byte AckAsks = 1;

    /// <summary>base u32, median u16, q95 u16, q99 u16, reserved u16.</summary>
    public const int TransitReport = ElementHeader + 12;

    /// <summary>The longest bitmap of an ACK, in words of 64 packets.</summary>
    public const int MaxAckWords = 16;

    public const int PathChallenge = ElementHeader + 8;
    public const int PathResponse = ElementHeader + 16;

    /// <summary>The flag of PATH_CHALLENGE and PATH_RESPONSE that keeps the nonce on its path.</summary>
    public const byte SamePath = 1;

    public const int MaxReliableMessage = MessageLimits.MaxReliableBytes;
    public const int MaxRealTimeMessage = MessageLimits.MaxRealTimeBytes;

    /// <summary>
    /// The credit that a message uses in addition to its payload, so that empty messages are limited as well.
    /// </summary>
    public const int CreditPerMessage = 32;

    /// <summary>
    /// The credit of a new stream: payload bytes plus <see cref="CreditPerMessage"/> for each message.
    /// </summary>
    public const int InitialStreamCredit = 256 << 10;

    /// <summary>The credit of a new association, in the same units.</summary>
    public const int InitialAssociationCredit = 1 << 20;

    /// <summary>The unit of the age field of a real-time message, and of the fields of a TRANSIT_REPORT.</summary>
    public const int AgeUnitMicros = 64;
}
