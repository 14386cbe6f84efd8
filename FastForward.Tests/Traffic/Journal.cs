using FastForward.Transport;

namespace FastForward.Tests.Traffic;

/// <summary>
/// What one process of a node sent, was given and was told, in order. <see cref="Ledger"/> compares the journals of all
/// processes of a world.
/// </summary>
/// <param name="process">The number of the process, unique in its world.</param>
/// <param name="node">The node id.</param>
internal abstract class Journal(int process, uint node)
{
    public delegate SendResult Sending(ReadOnlySpan<byte> payload);

    public int Process => process;

    public uint Node => node;

    /// <summary>It was killed: what it had accepted is lost with it, without a report.</summary>
    public bool IsKilled { get; set; }

    public abstract int Count { get; }

    public abstract JournalEntry this[int index] { get; }

    /// <summary>Sends a message that has its number as content, and records it with the answer.</summary>
    public SendResult Send(uint to, ulong stream, MessageClass messageClass, int size, Sending send)
    {
        int index = Count;
        byte[] payload = new byte[Math.Max(size, MessageContent.Smallest)];
        ulong number = MessageContent.NumberOf(process, index);
        MessageContent.Fill(payload, number);
        // First, so that a process that is killed inside the call has recorded what it may have sent.
        Add(
            new JournalEntry
            {
                Kind = EntryKind.Offered,
                Number = number,
                Node = to,
                Stream = stream,
                Class = messageClass,
                Size = payload.Length,
            }
        );
        SendResult result = send(payload);
        SetKind(index, result.IsAccepted ? EntryKind.Accepted : EntryKind.Refused);
        return result;
    }

    public void Received(in ReceivedMessage message)
    {
        bool isWhole = MessageContent.TryRead(message.Payload, out ulong number);
        Add(
            new JournalEntry
            {
                Kind = isWhole ? EntryKind.Received : EntryKind.Damaged,
                Number = number,
                Node = message.Node,
                Stream = message.Stream,
                Sequence = message.Sequence,
                Skipped = message.SkippedBefore,
                Class = message.Class,
                Size = message.Payload.Length,
            }
        );
    }

    public void Ended(in StreamEnd end) =>
        Add(
            new JournalEntry
            {
                Kind = EntryKind.StreamEnded,
                Node = end.Node,
                Stream = end.Stream,
                Skipped = end.SkippedBefore,
            }
        );

    public void Undelivered(in Undelivered report) =>
        Add(
            new JournalEntry
            {
                Kind = EntryKind.Undelivered,
                Node = report.Node,
                Stream = report.Stream,
                Number = report.Count,
            }
        );

    public void Met(uint other, ulong incarnation) =>
        Add(
            new JournalEntry
            {
                Kind = EntryKind.Met,
                Node = other,
                Number = incarnation,
            }
        );

    protected abstract void Add(in JournalEntry entry);

    protected abstract void SetKind(int index, EntryKind kind);
}
