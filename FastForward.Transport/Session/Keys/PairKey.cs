using FastForward.Transport.Cryptography;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session.Keys;

/// <summary>A secret that some nodes share, normally two, and by which each knows the others.</summary>
internal sealed class PairKey : IDisposable
{
    private const int Length = AeadKey.KeyLength;

    // The secret, and the key of the hashes in handshake frames.
    private readonly SecretMemory _memory = new(2 * Length);
    private readonly uint[] _nodes;

    /// <param name="id">Its number in routes; not 0.</param>
    /// <param name="secret">32 random bytes, which are copied.</param>
    /// <param name="nodes">The nodes that hold it.</param>
    public PairKey(uint id, ReadOnlySpan<byte> secret, IEnumerable<uint> nodes)
    {
        Id = id;
        _nodes = [.. nodes];
        secret.CopyTo(_memory.Bytes);
        KeyedHash.Compute(secret, "FastForward handshake hash"u8, _memory.Bytes[Length..]);
    }

    public uint Id { get; }

    /// <summary>The nodes that hold it.</summary>
    public IReadOnlyList<uint> Nodes => _nodes;

    /// <summary>The secret. Not to be read after <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Secret => _memory.Bytes[..Length];

    /// <summary>Writes the hash at the end of a handshake frame.</summary>
    /// <param name="frame">The frame, of which everything else is written.</param>
    public void WriteHash(Span<byte> frame) =>
        KeyedHash.Compute(HashKey, frame[..^CryptoBlock.HashLength], frame[^CryptoBlock.HashLength..]);

    /// <summary>Whether a holder of the key has written a handshake frame, now or earlier.</summary>
    public bool HasWritten(ReadOnlySpan<byte> frame) =>
        KeyedHash.Matches(HashKey, frame[..^CryptoBlock.HashLength], frame[^CryptoBlock.HashLength..]);

    private ReadOnlySpan<byte> HashKey => _memory.Bytes[Length..];

    /// <summary>Whether it is for the two nodes.</summary>
    public bool Joins(uint node, uint other) => _nodes.AsSpan().Contains(node) && _nodes.AsSpan().Contains(other);

    public void Dispose() => _memory.Dispose();
}
