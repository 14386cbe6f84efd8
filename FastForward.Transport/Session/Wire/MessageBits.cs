namespace FastForward.Transport.Session.Wire;

/// <summary>The flags byte of a MESSAGE element.</summary>
[Flags]
internal enum MessageBits : byte
{
    None = 0,

    /// <summary>Message 0 of its stream.</summary>
    Begin = 1,

    /// <summary>The last sequence of its stream.</summary>
    End = 2,

    /// <summary>A real-time message: budget and age follow the sequence.</summary>
    RealTime = 4,

    /// <summary>A fragment of a message: its offset follows the sequence.</summary>
    Fragment = 8,

    /// <summary>Further fragments of the message follow.</summary>
    More = 16,

    /// <summary>An end mark: the sequence contains no message.</summary>
    Mark = 32,

    /// <summary>A real-time message that was sent before.</summary>
    Repeat = 64,

    /// <summary>A real-time message that is sent on a second path, beside the one for such messages.</summary>
    Second = 128,
}
