using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>One incoming stream.</summary>
internal sealed class ReceiveStream(ulong id, MessageClass messageClass)
{
    public ulong Id { get; } = id;

    public MessageClass Class { get; } = messageClass;

    /// <summary>The sequence to be delivered next.</summary>
    public ulong Expected { get; set; }

    /// <summary>Credit that delivered messages used.</summary>
    public ulong CreditUsed { get; set; }

    /// <summary>Credit of delivered messages that the application holds.</summary>
    public long Held { get; set; }

    /// <summary>The application has held some of it and may do so again.</summary>
    public bool IsHeldBack { get; set; }

    /// <summary>The credit limit that was granted last.</summary>
    public ulong CreditLimit { get; set; } = WireFormat.InitialStreamCredit;

    /// <summary>No more messages are taken.</summary>
    public bool IsEnded { get; set; }

    /// <summary>Credit used since the last acknowledgement.</summary>
    public int Unacknowledged { get; set; }

    /// <summary>A pooled buffer with the parts so far of the message at <see cref="Expected"/>; null when there are none.</summary>
    public byte[]? Partial { get; set; }

    /// <summary>How many bytes of <see cref="Partial"/> have arrived.</summary>
    public int PartialLength { get; set; }

    /// <summary>The stream is in the queue of acknowledgements.</summary>
    public bool IsAckPending { get; set; }

    /// <summary>Its place in the order of use; made once, so that moving it allocates nothing.</summary>
    public LinkedListNode<ReceiveStream> Place => field ??= new LinkedListNode<ReceiveStream>(this);
}
