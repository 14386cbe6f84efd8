namespace FastForward.Transport.Session.Recovery;

/// <summary>What a <see cref="SentElement"/> records.</summary>
internal enum SentKind : byte
{
    /// <summary>Bytes of a message, or the mark or reset at its sequence.</summary>
    Message,

    /// <summary>STREAM_ACK of a stream.</summary>
    StreamAck,

    /// <summary>STREAM_REFUSED of a stream.</summary>
    StreamRefused,

    /// <summary>CREDIT of the association.</summary>
    Credit,

    /// <summary>ACK of the path.</summary>
    Ack,
}

/// <summary>An element of a sent frame that matters when the frame is acknowledged or lost.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Stream">The stream of an acknowledgement or refusal.</param>
/// <param name="Message">
/// Its message, if it is part of one. It may have returned to its pool since: it is the same message only while its
/// generation is <paramref name="Generation"/>.
/// </param>
/// <param name="Generation">The generation of the message.</param>
/// <param name="Offset">The first of the bytes of the message.</param>
/// <param name="Length">How many bytes of the message.</param>
internal readonly record struct SentElement(
    SentKind Kind,
    ulong Stream = 0,
    OutgoingMessage? Message = null,
    uint Generation = 0,
    int Offset = 0,
    int Length = 0
)
{
    /// <summary>The message is still in the send store.</summary>
    public bool IsStored => Message is { } message && message.Generation == Generation;

    /// <summary>It is not known to have arrived.</summary>
    public bool NeedsRepeat => IsStored && (Length == 0 || !Message!.Arrived.Contains(Offset, Offset + Length));
}
