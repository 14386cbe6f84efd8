using System.Runtime.InteropServices;

namespace FastForward.Benchmarks.Suites.Encryption;

/// <summary>The functions of OpenSSL 3 for symmetric ciphers (EVP_EncryptInit(3)).</summary>
internal static unsafe partial class LibCrypto
{
    public const int EVP_CTRL_AEAD_GET_TAG = 0x10;
    public const int EVP_CTRL_AEAD_SET_TAG = 0x11;

    private const string Library = "libcrypto.so.3";

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_new")]
    public static partial nint NewContext();

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_free")]
    public static partial void FreeContext(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_aes_256_gcm")]
    public static partial nint AesGcm();

    [LibraryImport(Library, EntryPoint = "EVP_chacha20_poly1305")]
    public static partial nint ChaChaPoly();

    [LibraryImport(Library, EntryPoint = "EVP_CipherInit_ex")]
    public static partial int Begin(nint context, nint cipher, nint engine, byte* key, byte* nonce, int encrypt);

    [LibraryImport(Library, EntryPoint = "EVP_CipherUpdate")]
    public static partial int Update(nint context, byte* output, int* written, byte* input, int length);

    [LibraryImport(Library, EntryPoint = "EVP_CipherFinal_ex")]
    public static partial int End(nint context, byte* output, int* written);

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_ctrl")]
    public static partial int Control(nint context, int type, int argument, void* pointer);
}
