using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Tarantool.Client.Protocol;

/// <summary>The <c>chap-sha1</c> scramble: proves knowledge of the password without sending it.</summary>
internal static class ChapSha1
{
    public const string Name = "chap-sha1";

    /// <summary>Computes <c>h1 xor sha1(salt + sha1(h1))</c> with <c>h1 = sha1(password)</c>.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "Required by the server's authentication protocol.")]
    public static byte[] Scramble(ReadOnlySpan<byte> salt, string password)
    {
        byte[] first = SHA1.HashData(Encoding.UTF8.GetBytes(password));
        byte[] second = SHA1.HashData(first);
        byte[] scramble = SHA1.HashData([.. salt, .. second]);
        for (int i = 0; i < scramble.Length; i++)
            scramble[i] ^= first[i];
        return scramble;
    }
}
