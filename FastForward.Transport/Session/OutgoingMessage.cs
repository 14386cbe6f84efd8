using FastForward.Transport.Session.Recovery;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>The kinds of entries that use a sequence of a stream.</summary>
internal enum OutgoingKind : byte
{
    /// <summary>A message.</summary>
    Message,

    /// <summary>The end of the stream, without a message.</summary>
    EndMark,

    /// <summary>The stream was reset.</summary>
    Reset,
}

/// <summary>An accepted message in the send store. Pooled by <see cref="OutgoingMessagePool"/>.</summary>
internal sealed class OutgoingMessage(int poolIndex, int capacity)
{
    private ByteRanges _arrived;

    /// <summary>The list of <see cref="OutgoingMessagePool"/> that it belongs to.</summary>
    public int PoolIndex { get; } = poolIndex;

    /// <summary>Holds the copy of the payload.</summary>
    public byte[] Buffer { get; } = capacity == 0 ? [] : GC.AllocateUninitializedArray<byte>(capacity);

    public int Length { get; set; }

    public ulong Sequence { get; set; }

    public OutgoingKind Kind { get; set; }

    /// <summary>It has the last sequence of its stream.</summary>
    public bool IsEnd { get; set; }

    /// <summary>The application's code of a reset.</summary>
    public uint Code { get; set; }

    /// <summary>When it was accepted.</summary>
    public long AcceptedAt { get; set; }

    /// <summary>How long a real-time message may wait to be written, in microseconds; 0 for no limit.</summary>
    public long Budget { get; set; }

    /// <summary>How long it had waited before it was accepted, in microseconds: part of budget and age.</summary>
    public long Waited { get; set; }

    /// <summary>How long it has waited at a time, in microseconds.</summary>
    public long AgeAt(long now) => now - AcceptedAt + Waited;

    /// <summary>What was left of the budget at acceptance; negative when it was used up.</summary>
    public long RemainingBudget => Budget - Waited;

    /// <summary>When it expires unless it is written; long.MaxValue for never. Only messages expire.</summary>
    public long ExpiresAt => Kind == OutgoingKind.Message && Budget > 0 ? AcceptedAt + RemainingBudget : long.MaxValue;

    public SendStream? Stream { get; set; }

    /// <summary>Changes when it returns to its pool, so that what still refers to it is known as outdated.</summary>
    public uint Generation { get; set; }

    /// <summary>The bytes that are known to have arrived. The peer may still forget them with the stream.</summary>
    public ref ByteRanges Arrived => ref _arrived;

    /// <summary>It is sent more than once in any case where it may be lost.</summary>
    public bool IsImportant { get; set; }

    /// <summary>A real-time message was written before.</summary>
    public bool WasWritten { get; set; }

    /// <summary>The frame that carried a real-time message last.</summary>
    public ulong LastFrame { get; set; }

    /// <summary>The path of that frame (<see cref="SessionPath.Id"/>).</summary>
    public long LastPath { get; set; }

    /// <summary>The second path on which it is sent, too (<see cref="SessionPath.Id"/>); 0 for none.</summary>
    public long DuplicatedOn { get; set; }

    /// <summary>
    /// The message whose duplicate this is; null for a message of its own. It is the same one only while its generation
    /// is <see cref="OriginalGeneration"/>.
    /// </summary>
    public OutgoingMessage? Original { get; set; }

    /// <summary>The generation of <see cref="Original"/>.</summary>
    public uint OriginalGeneration { get; set; }

    /// <summary>
    /// How often a real-time message is to be written once more, although it is not known to be lost.
    /// </summary>
    public int CopiesLeft { get; set; }

    /// <summary>How often a real-time message was sent again.</summary>
    public int Repeats { get; set; }

    /// <summary>It has arrived, although it is to be written again.</summary>
    public bool HasArrived { get; set; }

    /// <summary>It is in <see cref="AwaitedMessages"/>.</summary>
    public bool IsAwaited { get; set; }

    /// <summary>The message before it in <see cref="AwaitedMessages"/>.</summary>
    public OutgoingMessage? Previous { get; set; }

    /// <summary>The next message of the <see cref="MessageQueue"/>.</summary>
    public OutgoingMessage? Next { get; set; }

    public ReadOnlySpan<byte> Payload => Buffer.AsSpan(0, Length);

    /// <summary>The flags of its MESSAGE element.</summary>
    public MessageBits Bits =>
        (Sequence == 0 ? MessageBits.Begin : 0)
        | (IsEnd ? MessageBits.End : 0)
        | (Kind == OutgoingKind.EndMark ? MessageBits.Mark : 0)
        | (WasWritten ? MessageBits.Repeat : 0);
}
