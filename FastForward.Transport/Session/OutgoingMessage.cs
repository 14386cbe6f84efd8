using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>What occupies a sequence of a stream.</summary>
internal enum OutgoingKind : byte
{
    /// <summary>A message.</summary>
    Message,

    /// <summary>The end of the stream, by itself.</summary>
    EndMark,

    /// <summary>The stream was given up.</summary>
    Reset,
}

/// <summary>An accepted message in the send store, with its copy of the payload. Pooled by <see cref="MessagePool"/>.</summary>
internal sealed class OutgoingMessage(int sizeClass, int capacity)
{
    public int SizeClass { get; } = sizeClass;

    public byte[] Buffer { get; } = capacity == 0 ? [] : GC.AllocateUninitializedArray<byte>(capacity);

    public int Length { get; set; }

    public ulong Sequence { get; set; }

    public OutgoingKind Kind { get; set; }

    /// <summary>The last sequence of its stream.</summary>
    public bool IsEnd { get; set; }

    /// <summary>The code of a reset.</summary>
    public uint Code { get; set; }

    /// <summary>When it was accepted.</summary>
    public long AcceptedAt { get; set; }

    public SendStream? Stream { get; set; }

    public OutgoingMessage? Next { get; set; }

    public ReadOnlySpan<byte> Payload => Buffer.AsSpan(0, Length);

    /// <summary>How its element is marked.</summary>
    public MessageBits Bits =>
        (Sequence == 0 ? MessageBits.Begin : 0)
        | (IsEnd ? MessageBits.End : 0)
        | (Kind == OutgoingKind.EndMark ? MessageBits.Mark : 0);
}
