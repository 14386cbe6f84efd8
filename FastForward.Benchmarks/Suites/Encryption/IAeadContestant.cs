namespace FastForward.Benchmarks.Suites.Encryption;

/// <summary>A way to call authenticated encryption: header and nonce as in a frame, in place where it can be.</summary>
internal interface IAeadContestant : IDisposable
{
    void Seal(Span<byte> text, Span<byte> tag, ReadOnlySpan<byte> header, ulong nonce);

    bool TryOpen(Span<byte> text, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> header, ulong nonce);
}
