using System.Runtime.InteropServices;
using FastForward.Transport;

namespace FastForward.Tests.Traffic;

internal enum EntryKind
{
    None,

    /// <summary>Handed to the node, whose answer is not known: the process was killed in between.</summary>
    Offered,
    Accepted,
    Refused,
    Received,

    /// <summary>Received with a content that no message has.</summary>
    Damaged,
    StreamEnded,

    /// <summary>Reported by OnUndelivered; <see cref="JournalEntry.Number"/> is the count.</summary>
    Undelivered,

    /// <summary>
    /// Connected to a process of another node, or of the own node: itself. <see cref="JournalEntry.Number"/> is its
    /// incarnation.
    /// </summary>
    Met,
}

/// <summary>One event of a <see cref="Journal"/>, in the order in which it happened.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct JournalEntry
{
    /// <summary>The number of a message: that of the sender's journal, and the place of its entry there.</summary>
    public ulong Number;
    public ulong Stream;
    public ulong Sequence;
    public ulong Skipped;

    /// <summary>The remote node.</summary>
    public uint Node;
    public int Size;
    public MessageClass Class;
    public EntryKind Kind;
}
