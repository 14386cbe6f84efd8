using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>One incoming stream.</summary>
internal sealed class ReceiveStream(ulong id, MessageClass messageClass)
{
    public ulong Id { get; } = id;

    public MessageClass Class { get; } = messageClass;

    /// <summary>The sequence of the next message to deliver.</summary>
    public ulong Expected { get; set; }

    /// <summary>Credit used by delivered messages.</summary>
    public ulong CreditUsed { get; set; }

    /// <summary>Credit of delivered messages that the application holds.</summary>
    public long Held { get; set; }

    /// <summary>The application has held credit of this stream at least once.</summary>
    public bool WasEverHeld { get; set; }

    /// <summary>The credit limit that was granted last.</summary>
    public ulong CreditLimit { get; set; } = WireFormat.InitialStreamCredit;

    /// <summary>The first sequence that must not be acknowledged yet; the highest number for none.</summary>
    public ulong WithheldFrom { get; set; } = ulong.MaxValue;

    /// <summary>All sequences below it are acknowledged.</summary>
    public ulong Acknowledgeable => Math.Min(Expected, WithheldFrom);

    /// <summary>Its state after its end.</summary>
    public EndedStream AsEnded => new(Expected, Acknowledgeable, CreditUsed);

    /// <summary>No more messages are accepted.</summary>
    public bool IsEnded { get; set; }

    /// <summary>The application has refused the rest of it.</summary>
    public bool IsRefused { get; set; }

    /// <summary>Credit used since the last acknowledgement.</summary>
    public int Unacknowledged { get; set; }

    /// <summary>Messages that wait for missing parts, or for others before them, by sequence; null for none.</summary>
    public Dictionary<ulong, PartialMessage>? Waiting { get; set; }

    /// <summary>Credit of <see cref="Waiting"/>.</summary>
    public int WaitingCredit { get; set; }

    /// <summary>The order of a real-time stream; null of a reliable one.</summary>
    public RealTimeOrder? Order { get; } = messageClass == MessageClass.RealTime ? new RealTimeOrder() : null;

    /// <summary>The stream is in the queue of acknowledgements.</summary>
    public bool IsAckPending { get; set; }

    /// <summary>
    /// The node in the list of <see cref="ReceiveStreamTable"/>; reused, so that moving it does not allocate.
    /// </summary>
    public LinkedListNode<ReceiveStream> Place => field ??= new LinkedListNode<ReceiveStream>(this);
}
