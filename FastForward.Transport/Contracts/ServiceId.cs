using System.Globalization;

namespace FastForward.Transport;

/// <summary>
/// The service that a stream belongs to: it decides who receives the stream's messages at the other node. It travels in
/// the upper 16 bits of every stream id.
/// </summary>
/// <remarks>
/// <para>A service has a number and two directions. Requests go to the node that serves it; replies go back to
/// the sender of the requests. Both directions may end in one node, even in one that sends to itself.</para>
/// <para>A constant of 0 to 255 converts to the service with requests, so that <c>5</c> can be written where a service
/// is expected; greater numbers take the constructor, as in <c>new ServiceId(300)</c>. <see cref="Reply"/> is the
/// direction of the replies. The default is service 0.</para>
/// </remarks>
public readonly struct ServiceId : IEquatable<ServiceId>
{
    /// <summary>The largest number of a service.</summary>
    public const ushort MaxNumber = ReplyBit - 1;

    // Wire format: docs/protocol.md, "Services and pipes".
    private const ushort ReplyBit = 0x8000;
    private const int NumberBits = 48;

    private ServiceId(ushort value, bool isReply) => Value = isReply ? (ushort)(value | ReplyBit) : value;

    /// <summary>The requests of a service.</summary>
    /// <param name="number">The number of the service, 0 to <see cref="MaxNumber"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is above <see cref="MaxNumber"/>.</exception>
    public ServiceId(ushort number)
    {
        if (number > MaxNumber)
            throw new ArgumentOutOfRangeException(
                nameof(number),
                number,
                $"A service has a number of 0 to {MaxNumber}; the direction of its replies is ServiceId.Reply."
            );
        Value = number;
    }

    /// <summary>The number of the service, the same for both directions.</summary>
    public ushort Number => (ushort)(Value & MaxNumber);

    /// <summary>Whether this is the direction of replies.</summary>
    public bool IsReply => Value >= ReplyBit;

    /// <summary>The direction of replies of the same service.</summary>
    public ServiceId Reply => new(Number, isReply: true);

    /// <summary>The other direction of the same service.</summary>
    internal ServiceId Opposite => new(Number, !IsReply);

    /// <summary>The upper 16 bits of the stream ids.</summary>
    internal ushort Value { get; }

    /// <summary>
    /// The requests of a service, as by <see cref="ServiceId(ushort)"/>. Only a byte converts: a conversion that no one
    /// sees must not throw.
    /// </summary>
    /// <param name="number">The number of the service.</param>
    public static implicit operator ServiceId(byte number) => new(number);

    /// <summary>Whether service and direction are the same.</summary>
    public static bool operator ==(ServiceId left, ServiceId right) => left.Value == right.Value;

    /// <summary>Whether service or direction differ.</summary>
    public static bool operator !=(ServiceId left, ServiceId right) => left.Value != right.Value;

    /// <inheritdoc/>
    public bool Equals(ServiceId other) => Value == other.Value;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ServiceId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Value;

    /// <summary>The number, and "reply" for the direction of replies: <c>5</c>, <c>5 reply</c>.</summary>
    public override string ToString() =>
        IsReply
            ? string.Create(CultureInfo.InvariantCulture, $"{Number} reply")
            : Number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The service of a stream.</summary>
    internal static ServiceId OfStream(ulong stream)
    {
        ushort value = (ushort)(stream >> NumberBits);
        return new ServiceId((ushort)(value & MaxNumber), value >= ReplyBit);
    }

    /// <summary>The id of the stream in the other direction of the same exchange.</summary>
    internal static ulong OppositeStream(ulong stream) => stream ^ ((ulong)ReplyBit << NumberBits);

    /// <summary>Composes a stream id.</summary>
    /// <param name="number">The number of the stream; only its lower 48 bits count.</param>
    internal ulong StreamWith(ulong number) => ((ulong)Value << NumberBits) | (number & ((1UL << NumberBits) - 1));
}
