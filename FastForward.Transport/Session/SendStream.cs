using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>One outgoing stream: its numbering, and for a reliable one its unacknowledged messages in order.</summary>
internal sealed class SendStream(ulong id, MessageClass messageClass)
{
    private MessageQueue _unacknowledged;

    public ulong Id { get; } = id;

    public MessageClass Class { get; } = messageClass;

    /// <summary>The sequence the next message gets.</summary>
    public ulong NextSequence { get; set; }

    /// <summary>The first sequence that is not acknowledged.</summary>
    public ulong Acknowledged { get; set; }

    /// <summary>The first sequence that was never written to a path: an acknowledgement beyond it breaks the protocol.</summary>
    public ulong Written { get; set; }

    /// <summary>Credit used by accepted messages.</summary>
    public ulong CreditUsed { get; set; }

    /// <summary>Credit the receiver granted.</summary>
    public ulong CreditLimit { get; set; } = WireFormat.InitialStreamCredit;

    /// <summary>No more messages are taken.</summary>
    public bool IsEnded { get; set; }

    /// <summary>It was reset: nothing but the reset is left to send.</summary>
    public bool IsReset { get; set; }

    /// <summary>The oldest unacknowledged message (reliable).</summary>
    public OutgoingMessage? First => _unacknowledged.Head;

    /// <summary>The next message to write (reliable); null when all are written.</summary>
    public OutgoingMessage? Cursor { get; private set; }

    /// <summary>Bytes of <see cref="Cursor"/> that are written.</summary>
    public int CursorOffset { get; set; }

    /// <summary>The stream is in <see cref="ReadyStreams"/>.</summary>
    public bool IsReady { get; set; }

    /// <summary>Messages of a real-time stream in the queue.</summary>
    public int Queued { get; set; }

    public void Append(OutgoingMessage message)
    {
        message.Stream = this;
        _unacknowledged.Append(message);
        Cursor ??= message;
    }

    /// <summary>The message at the cursor is written whole.</summary>
    public void Advance()
    {
        if (Cursor is not { } message)
            return;
        Written = Math.Max(Written, message.Sequence + 1);
        Cursor = message.Next;
        CursorOffset = 0;
    }

    /// <summary>Everything unacknowledged has to be written again.</summary>
    public void Rewind()
    {
        Cursor = First;
        CursorOffset = 0;
    }

    /// <summary>Takes out the oldest message.</summary>
    public OutgoingMessage RemoveFirst()
    {
        OutgoingMessage message = _unacknowledged.RemoveHead();
        if (ReferenceEquals(Cursor, message))
        {
            Cursor = First;
            CursorOffset = 0;
        }

        return message;
    }
}
