namespace FastForward.Transport;

/// <summary>
/// A message that came in. Its memory belongs to the library and is valid only during the callback: copy what you keep.
/// </summary>
public readonly ref struct ReceivedMessage
{
    /// <summary>The node that sent it.</summary>
    public required uint Node { get; init; }

    /// <summary>The stream, numbered by the sender.</summary>
    public required ulong Stream { get; init; }

    /// <summary>The service and direction that the stream belongs to.</summary>
    public ServiceId Service => ServiceId.OfStream(Stream);

    /// <summary>Its number on the stream, from 0.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>The class of the stream.</summary>
    public required MessageClass Class { get; init; }

    /// <summary>Whether it is the last message of the stream.</summary>
    public bool IsLast { get; init; }

    /// <summary>
    /// How many places directly before this one were skipped because their messages were lost; always 0 for
    /// <see cref="MessageClass.Reliable"/>. A skipped message is never delivered later.
    /// </summary>
    public ulong SkippedBefore { get; init; }

    /// <summary>What it used of its sender's credit.</summary>
    internal MessageCredit Credit { get; init; }

    /// <summary>The content.</summary>
    public required ReadOnlySpan<byte> Payload { get; init; }
}
