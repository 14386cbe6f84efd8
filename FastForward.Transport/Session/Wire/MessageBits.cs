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

    /// <summary>The stream is of class RealTime; budget and age follow the sequence.</summary>
    RealTime = 4,

    /// <summary>A part of a message; its offset follows.</summary>
    Fragment = 8,

    /// <summary>Further parts follow this one.</summary>
    More = 16,

    /// <summary>Only marks the end of the stream: there is no message at this sequence.</summary>
    Mark = 32,
}
