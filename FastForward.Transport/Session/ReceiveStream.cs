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

    /// <summary>The application held some of it: it may go on doing so.</summary>
    public bool IsHeldBack { get; set; }

    /// <summary>The credit limit that was told last.</summary>
    public ulong CreditLimit { get; set; } = WireFormat.InitialStreamCredit;

    /// <summary>No more messages are taken.</summary>
    public bool IsEnded { get; set; }

    /// <summary>Credit used since the last acknowledgement.</summary>
    public int Unacknowledged { get; set; }

    /// <summary>The parts so far of the message at <see cref="Expected"/>.</summary>
    public OutgoingMessage? Partial { get; set; }

    /// <summary>The stream waits in the queue of acknowledgements.</summary>
    public bool AckQueued { get; set; }

    public ReceiveStream? NextAck { get; set; }

    /// <summary>Neighbours in the order of use.</summary>
    public ReceiveStream? Older { get; set; }

    public ReceiveStream? Newer { get; set; }
}
