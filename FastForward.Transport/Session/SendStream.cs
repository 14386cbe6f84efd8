using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>An outgoing stream: its sequence numbers, and on a reliable stream its unacknowledged messages.</summary>
internal sealed class SendStream(ulong id, MessageClass messageClass)
{
    private MessageQueue _unacknowledged;

    public ulong Id { get; } = id;

    public MessageClass Class { get; } = messageClass;

    /// <summary>The sequence of the next accepted message.</summary>
    public ulong NextSequence { get; set; }

    /// <summary>The first sequence that is not acknowledged.</summary>
    public ulong Acknowledged { get; set; }

    /// <summary>The first sequence that was never written. Acknowledging more violates the protocol.</summary>
    public ulong Written { get; set; }

    /// <summary>Credit used by accepted messages.</summary>
    public ulong CreditUsed { get; set; }

    /// <summary>Credit granted by the receiver.</summary>
    public ulong CreditLimit { get; set; } = WireFormat.InitialStreamCredit;

    /// <summary>No more messages are accepted.</summary>
    public bool IsEnded { get; set; }

    /// <summary>The stream was reset: only the reset is left to send.</summary>
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

    /// <summary>Messages of a real-time stream that were written and may be written again.</summary>
    public int Awaited { get; set; }

    public void Append(OutgoingMessage message)
    {
        message.Stream = this;
        _unacknowledged.Append(message);
        Cursor ??= message;
    }

    /// <summary>The message at the cursor is completely written.</summary>
    public void Advance()
    {
        if (Cursor is not { } message)
            return;
        Written = Math.Max(Written, message.Sequence + 1);
        Cursor = message.Next;
        CursorOffset = 0;
    }

    /// <summary>Moves the cursor back to the oldest unacknowledged message.</summary>
    public void Rewind()
    {
        Cursor = First;
        CursorOffset = 0;
        for (OutgoingMessage? message = First; message is not null; message = message.Next)
            message.Arrived.Clear();
    }

    /// <summary>Removes the oldest message.</summary>
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
