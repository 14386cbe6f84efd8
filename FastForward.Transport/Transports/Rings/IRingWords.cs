namespace FastForward.Transport.Transports.Rings;

/// <summary>
/// The words that the two sides of a link share. An interface, so that the order of accesses can be tested in all
/// interleavings; a structure implements it, so that it costs nothing.
/// </summary>
internal interface IRingWords
{
    /// <summary>Reads a word of the other side; later accesses stay behind it.</summary>
    ulong Read(RingWord word);

    /// <summary>Writes a word of this side; earlier accesses stay before it.</summary>
    void Write(RingWord word, ulong value);

    /// <summary>Later reads see what others wrote before they saw what this side has written until here.</summary>
    void Fence();
}
