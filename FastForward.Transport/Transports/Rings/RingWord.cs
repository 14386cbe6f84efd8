namespace FastForward.Transport.Transports.Rings;

/// <summary>
/// The words on the first page of a side's memory, by their offset: each on cache lines of its own (two, since some
/// processors fetch pairs). Only the side that created the memory can write them.
/// </summary>
internal enum RingWord
{
    /// <summary>How many bytes of the ring that follows have been written.</summary>
    Tail = 128,

    /// <summary>How many bytes of the other side's ring have been read.</summary>
    Head = 256,

    /// <summary>Odd while this side sleeps, or is about to, unless a bell rings.</summary>
    Sleeping = 384,

    /// <summary>Odd while this side sleeps although it has more to write, until there is room.</summary>
    WantsRoom = 512,
}
