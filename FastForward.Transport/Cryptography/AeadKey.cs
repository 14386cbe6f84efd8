using System.Buffers.Binary;
using System.Security.Cryptography;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Cryptography;

/// <summary>
/// A key for authenticated encryption in one direction. Not for use by two threads at a time. Allocates nothing after
/// its creation.
/// </summary>
internal abstract unsafe class AeadKey : IDisposable
{
    public const int KeyLength = 32;
    public const int TagLength = 16;

    // 4 bytes of zero, then the number.
    private const int NonceLength = 12;

    // Kept alive until libsodium has returned: its finalizer overwrites it.
    private readonly SecretMemory _memory;
    private readonly bool _isBigEndian;

    /// <param name="memoryLength">Bytes that libsodium needs of the key.</param>
    /// <param name="isBigEndian">How the number is written into the nonce.</param>
    protected AeadKey(int memoryLength, bool isBigEndian)
    {
        _memory = new SecretMemory(memoryLength);
        _isBigEndian = isBigEndian;
    }

    /// <summary>What libsodium has of the key.</summary>
    protected byte* Memory => _memory.Pointer;

    /// <summary>Whether this machine has what the suite needs: AES needs instructions of the processor.</summary>
    public static bool IsSupported(CipherSuite suite) =>
        suite switch
        {
            CipherSuite.ChaChaPoly => true,
            CipherSuite.AesGcm => LibSodium.Initialize() >= 0 && LibSodium.HasAes() == 1,
            _ => false,
        };

    /// <param name="suite">A supported suite.</param>
    /// <param name="key32">The key, which is copied.</param>
    public static AeadKey Create(CipherSuite suite, ReadOnlySpan<byte> key32)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key32.Length, KeyLength);
        if (LibSodium.Initialize() < 0)
            throw new CryptographicException("libsodium cannot be initialized.");
        if (!IsSupported(suite))
            throw new NotSupportedException($"This processor does not support {suite}.");
        return suite == CipherSuite.AesGcm ? new AesGcmKey(key32) : new ChaChaPolyKey(key32);
    }

    /// <summary>Encrypts in place.</summary>
    /// <param name="text">Becomes the cipher text.</param>
    /// <param name="tag">Receives <see cref="TagLength"/> bytes.</param>
    /// <param name="header">What is authenticated and not encrypted.</param>
    /// <param name="nonce">A number that was never used before with this key.</param>
    public void Seal(Span<byte> text, Span<byte> tag, ReadOnlySpan<byte> header, ulong nonce)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(tag.Length, TagLength);
        byte* number = stackalloc byte[NonceLength];
        WriteNonce(number, nonce);
        fixed (
            byte* bytes = text,
                end = tag,
                start = header
        )
            LibSodium.ThrowIfFailed(Seal(bytes, (ulong)text.Length, end, start, (ulong)header.Length, number));
        GC.KeepAlive(_memory);
    }

    /// <summary>Decrypts in place.</summary>
    /// <returns>False, and never an exception, when anything differs from what was sealed; no text remains.</returns>
    public bool TryOpen(Span<byte> text, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> header, ulong nonce)
    {
        if (tag.Length != TagLength)
            return false;
        byte* number = stackalloc byte[NonceLength];
        WriteNonce(number, nonce);
        bool isOpen;
        fixed (
            byte* bytes = text,
                end = tag,
                start = header
        )
            isOpen = Open(bytes, (ulong)text.Length, end, start, (ulong)header.Length, number) == 0;
        GC.KeepAlive(_memory);
        return isOpen;
    }

    /// <summary>Overwrites the key.</summary>
    public void Dispose() => _memory.Dispose();

    /// <summary>The function of libsodium, in place.</summary>
    /// <returns>0, or -1 on failure.</returns>
    protected abstract int Seal(byte* text, ulong length, byte* tag, byte* header, ulong headerLength, byte* nonce);

    /// <inheritdoc cref="Seal(byte*, ulong, byte*, byte*, ulong, byte*)"/>
    protected abstract int Open(byte* text, ulong length, byte* tag, byte* header, ulong headerLength, byte* nonce);

    private void WriteNonce(byte* nonce, ulong number)
    {
        Span<byte> bytes = new(nonce, NonceLength);
        bytes[..4].Clear();
        if (_isBigEndian)
            BinaryPrimitives.WriteUInt64BigEndian(bytes[4..], number);
        else
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[4..], number);
    }
}
