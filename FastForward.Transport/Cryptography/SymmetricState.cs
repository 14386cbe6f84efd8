using System.Security.Cryptography;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Cryptography;

/// <summary>
/// The SymmetricState of Noise (revision 34, 5.2) for SHA-256: the chaining key, the hash of everything exchanged, and
/// the key of the next payload. A payload here always follows a new key, so its nonce is 0.
/// </summary>
internal sealed unsafe class SymmetricState : IDisposable
{
    public const int HashLength = 32;

    private const int Length = 3 * HashLength;
    private const int SavedAt = Length;
    private const int DerivedAt = SavedAt + Length;

    private readonly SecretMemory _memory = new(DerivedAt + Length);
    private readonly CipherSuite _suite;

    public SymmetricState(CipherSuite suite, ReadOnlySpan<byte> protocolName)
    {
        _suite = suite;
        if (protocolName.Length <= HashLength)
            protocolName.CopyTo(HashBytes);
        else
            ReplaceHash([], protocolName);
        HashBytes.CopyTo(ChainingKey);
    }

    /// <summary>The hash of everything exchanged.</summary>
    public ReadOnlySpan<byte> Hash => HashBytes;

    private Span<byte> HashBytes => _memory.Bytes[..HashLength];

    private Span<byte> ChainingKey => _memory.Bytes.Slice(HashLength, HashLength);

    private Span<byte> Key => _memory.Bytes.Slice(2 * HashLength, HashLength);

    /// <summary>Remembers everything for <see cref="Restore"/>.</summary>
    public void Save() => _memory.Bytes[..Length].CopyTo(_memory.Bytes.Slice(SavedAt, Length));

    /// <summary>As it was at <see cref="Save"/>.</summary>
    public void Restore() => _memory.Bytes.Slice(SavedAt, Length).CopyTo(_memory.Bytes[..Length]);

    public void MixHash(ReadOnlySpan<byte> data) => ReplaceHash(HashBytes, data);

    public void MixKey(ReadOnlySpan<byte> input)
    {
        Span<byte> derived = Derive(input, 2);
        derived[..HashLength].CopyTo(ChainingKey);
        derived[HashLength..].CopyTo(Key);
        CryptographicOperations.ZeroMemory(derived);
    }

    public void MixKeyAndHash(ReadOnlySpan<byte> input)
    {
        Span<byte> derived = Derive(input, 3);
        derived[..HashLength].CopyTo(ChainingKey);
        MixHash(derived.Slice(HashLength, HashLength));
        derived[(2 * HashLength)..].CopyTo(Key);
        CryptographicOperations.ZeroMemory(derived);
    }

    /// <param name="payload">What is encrypted.</param>
    /// <param name="output">Receives the cipher text and the tag; must not overlap the payload.</param>
    public void EncryptAndHash(ReadOnlySpan<byte> payload, Span<byte> output)
    {
        payload.CopyTo(output);
        using (AeadKey key = AeadKey.Create(_suite, Key))
            key.Seal(output[..payload.Length], output[payload.Length..], Hash, 0);
        MixHash(output);
    }

    /// <param name="input">Cipher text and tag.</param>
    /// <param name="payload">Receives the text; as long as the input without the tag, and must not overlap it.</param>
    /// <returns>False when the input is not authentic; the hash is what it was then.</returns>
    public bool TryDecryptAndHash(ReadOnlySpan<byte> input, Span<byte> payload)
    {
        input[..payload.Length].CopyTo(payload);
        using (AeadKey key = AeadKey.Create(_suite, Key))
        {
            if (!key.TryOpen(payload, input[payload.Length..], Hash, 0))
                return false;
        }

        MixHash(input);
        return true;
    }

    /// <summary>The keys of both directions. Overwrites all but the hash.</summary>
    public void Split(out AeadKey first, out AeadKey second)
    {
        Span<byte> derived = Derive([], 2);
        first = AeadKey.Create(_suite, derived[..HashLength]);
        second = AeadKey.Create(_suite, derived[HashLength..]);
        CryptographicOperations.ZeroMemory(_memory.Bytes[HashLength..]);
    }

    public void Dispose() => _memory.Dispose();

    /// <summary>HKDF of Noise: RFC 5869 with the chaining key as salt and no info.</summary>
    private Span<byte> Derive(ReadOnlySpan<byte> input, int count)
    {
        Span<byte> derived = _memory.Bytes.Slice(DerivedAt, count * HashLength);
        byte* extracted = stackalloc byte[HashLength];
        fixed (
            byte* salt = ChainingKey,
                bytes = input,
                output = derived
        )
        {
            LibSodium.ExtractKey(extracted, salt, HashLength, bytes, (nuint)input.Length);
            LibSodium.ExpandKey(output, (nuint)derived.Length, null, 0, extracted);
        }

        CryptographicOperations.ZeroMemory(new Span<byte>(extracted, HashLength));
        return derived;
    }

    private void ReplaceHash(ReadOnlySpan<byte> before, ReadOnlySpan<byte> data)
    {
        LibSodium.Sha256State state;
        fixed (
            byte* start = before,
                bytes = data,
                hash = HashBytes
        )
        {
            LibSodium.BeginSha256(&state);
            LibSodium.AddToSha256(&state, start, (ulong)before.Length);
            LibSodium.AddToSha256(&state, bytes, (ulong)data.Length);
            LibSodium.EndSha256(&state, hash);
        }
    }
}
