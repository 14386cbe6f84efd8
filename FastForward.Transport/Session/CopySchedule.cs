namespace FastForward.Transport.Session;

/// <summary>
/// Real-time messages that are to be sent once more, in the order of their times. What is due moves to a queue of its
/// own, so that it is no time-out any more while the link accepts nothing.
/// </summary>
internal sealed class CopySchedule
{
    private readonly PriorityQueue<(OutgoingMessage Message, uint Generation), long> _waiting = new();
    private readonly Queue<(OutgoingMessage Message, uint Generation)> _due = new();

    /// <summary>When the next message is due; long.MaxValue for none.</summary>
    public long NextDue => _waiting.TryPeek(out _, out long due) ? due : long.MaxValue;

    /// <summary>A message is due.</summary>
    public bool HasDue => _due.Count > 0;

    public void Add(OutgoingMessage message, long due) => _waiting.Enqueue((message, message.Generation), due);

    /// <summary>Finds what has become due.</summary>
    public void Advance(long now)
    {
        while (NextDue <= now)
            _due.Enqueue(_waiting.Dequeue());
    }

    /// <summary>The first message that is due and that still waits for its fate; null when there is none.</summary>
    public OutgoingMessage? Peek()
    {
        while (_due.TryPeek(out (OutgoingMessage Message, uint Generation) next))
        {
            if (next.Message.Generation == next.Generation && next.Message is { IsAwaited: true, CopiesLeft: > 0 })
                return next.Message;
            _due.Dequeue();
        }

        return null;
    }

    /// <summary>Removes what <see cref="Peek"/> returned.</summary>
    public void Remove() => _due.Dequeue();
}
