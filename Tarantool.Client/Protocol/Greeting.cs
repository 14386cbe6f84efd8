using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Tarantool.Client.Protocol;

/// <summary>
/// The first 128 bytes that a server sends: two lines of 64 bytes, padded with spaces. Line one contains version,
/// protocol and instance UUID; line two the base64-encoded salt for authentication.
/// </summary>
internal sealed class Greeting
{
    public const int Size = 128;
    private const int LineSize = 64;
    private const int EncodedSaltSize = 44;
    private const int UsedSaltSize = 20;

    private Greeting(string version, Guid instanceId, byte[] salt)
    {
        Version = version;
        InstanceId = instanceId;
        Salt = salt;
    }

    /// <summary>The server's version, such as <c>2.6.0</c>.</summary>
    public string Version { get; }

    /// <summary>The instance's UUID; <see cref="Guid.Empty"/> if the server does not send one.</summary>
    public Guid InstanceId { get; }

    /// <summary>The first 20 bytes of the salt, which the scramble uses.</summary>
    public byte[] Salt { get; }

    public static Greeting Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size || bytes[LineSize - 1] != (byte)'\n' || !bytes.StartsWith("Tarantool "u8))
            throw new TarantoolProtocolException(
                "The peer did not greet as a Tarantool server. Check that the address is that of its binary port."
            );

        string line = Encoding.ASCII.GetString(bytes[..(LineSize - 1)]);
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 3 || words[2] != "(Binary)")
            throw new TarantoolProtocolException(
                $"The server greets with '{line.Trim()}', which is not its binary protocol. "
                    + "Use the address given to box.cfg{listen=...}, not the address of a console."
            );

        Guid instance = words.Length > 3 && Guid.TryParse(words[3], out Guid parsed) ? parsed : Guid.Empty;
        byte[] salt = new byte[EncodedSaltSize / 4 * 3];
        OperationStatus status = Base64.DecodeFromUtf8(
            bytes.Slice(LineSize, EncodedSaltSize),
            salt,
            out _,
            out int decoded
        );
        if (status != OperationStatus.Done || decoded < UsedSaltSize)
            throw new TarantoolProtocolException("The salt in the server's greeting is not valid base64 of 32 bytes.");

        return new Greeting(words[1], instance, salt[..UsedSaltSize]);
    }
}
