using FastForward.Transport.Async;

namespace FastForward.Transport;

/// <summary>
/// A message that a <see cref="ForwardReceiver"/> read, in a buffer of the library. It is valid until the next one is
/// read, the enumeration ends, or <see cref="Dispose"/>: copy what you keep. Only then its buffer is reused, and its
/// credit goes back to the sender.
/// </summary>
/// <remarks>
/// Copies of the value are the same message. Disposing of it twice has no effect; any other member of a message that is
/// no longer valid throws <see cref="ObjectDisposedException"/>. A <see cref="Payload"/> that was read before is not
/// guarded.
/// </remarks>
public readonly struct ForwardMessage : IDisposable, IEquatable<ForwardMessage>
{
    private readonly MessageSlot? _slot;
    private readonly int _version;

    internal ForwardMessage(MessageSlot slot)
    {
        _slot = slot;
        _version = slot.Version;
    }

    /// <summary>The node that sent it.</summary>
    public uint Node => Slot.Node;

    /// <summary>The id of the stream, chosen by the sender.</summary>
    public ulong Stream => Slot.Stream;

    /// <summary>The service and direction that the stream belongs to.</summary>
    public ServiceId Service => ServiceId.OfStream(Slot.Stream);

    /// <summary>Its place on the stream, from 0.</summary>
    public ulong Sequence => Slot.Sequence;

    /// <summary>The class of the stream.</summary>
    public MessageClass Class => Slot.Class;

    /// <summary>The last message of the stream.</summary>
    public bool IsLast => Slot.IsLast;

    /// <summary>
    /// Messages of the stream directly before this one that were lost; 0 for <see cref="MessageClass.Reliable"/>.
    /// </summary>
    public ulong SkippedBefore => Slot.SkippedBefore;

    /// <summary>
    /// Real-time messages, of any stream, that the receiver dropped directly before this one because the reader was
    /// slow (<see cref="ForwardClientOptions.RealTimeCapacity"/>).
    /// </summary>
    public long DroppedBefore => Slot.DroppedBefore;

    /// <summary>The content.</summary>
    public ReadOnlyMemory<byte> Payload => Slot.Payload;

    /// <summary>The credit that the message holds.</summary>
    internal MessageCredit Credit => Slot.Credit;

    /// <summary>How often its node had been lost when it came.</summary>
    internal int PeerLosses => Slot.PeerLosses;

    private MessageSlot Slot =>
        _slot is { } slot && slot.Version == _version
            ? slot
            : throw new ObjectDisposedException(
                nameof(ForwardMessage),
                "The message is no longer valid: it is until the next one is read, the enumeration ends or it is "
                    + "disposed of. Copy what you keep."
            );

    /// <summary>Compares whether two values are the same message.</summary>
    public static bool operator ==(ForwardMessage left, ForwardMessage right) => left.Equals(right);

    /// <summary>Compares whether two values are different messages.</summary>
    public static bool operator !=(ForwardMessage left, ForwardMessage right) => !left.Equals(right);

    /// <summary>Ends it before the next one is read. Thread-safe; further calls have no effect.</summary>
    public void Dispose() => _slot?.Return(_version);

    /// <inheritdoc/>
    public bool Equals(ForwardMessage other) => ReferenceEquals(_slot, other._slot) && _version == other._version;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ForwardMessage other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_slot, _version);
}
