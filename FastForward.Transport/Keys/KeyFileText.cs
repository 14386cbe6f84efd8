using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using FastForward.Transport.Cryptography;

namespace FastForward.Transport.Keys;

/// <summary>
/// The text of a file of keys. It is kept as bytes, outside of managed memory; problems never contain any of it, since
/// a secret may stand anywhere in a wrong line.
/// </summary>
internal static class KeyFileText
{
    /// <summary>The most keys of a file.</summary>
    public const int MaxKeys = 4096;

    private const int MaxProblems = 20;
    private const int ChecksumLength = 4;
    private const int TokenLength = (ForwardKey.SecretLength + ChecksumLength) / 3 * 4;
    private const int NumberLength = 11; // a number of 32 bits and a space
    private const string Remedy = "Make keys with FastForward.Host keygen.";

    private static ReadOnlySpan<byte> VersionLine => "FastForward keys 1"u8;

    private static ReadOnlySpan<byte> Purpose => "FastForward key"u8;

    /// <summary>Bytes that <see cref="Format"/> needs at most.</summary>
    public static int LengthOf(IReadOnlyList<ForwardKey> keys) =>
        VersionLine.Length + 1 + keys.Sum(static key => (key.Nodes.Count + 1) * NumberLength + TokenLength + 1);

    /// <summary>Writes all of a file.</summary>
    /// <returns>Bytes written.</returns>
    public static int Format(IReadOnlyList<ForwardKey> keys, Span<byte> text)
    {
        VersionLine.CopyTo(text);
        int length = VersionLine.Length;
        text[length++] = (byte)'\n';
        foreach (ForwardKey key in keys)
            length += FormatLine(key, text[length..]);
        return length;
    }

    /// <summary>Writes the line of a key.</summary>
    /// <returns>Bytes written.</returns>
    public static int FormatLine(ForwardKey key, Span<byte> text)
    {
        int length = 0;
        WriteNumber(key.Id, text, ref length);
        foreach (uint node in key.Nodes)
            WriteNumber(node, text, ref length);
        using SecretMemory secret = new(ForwardKey.SecretLength + ChecksumLength);
        key.Secret.CopyTo(secret.Bytes);
        WriteChecksum(key.Id, [.. key.Nodes], key.Secret, secret.Bytes[ForwardKey.SecretLength..]);
        Base64.EncodeToUtf8(secret.Bytes, text[length..], out _, out int written);
        length += written;
        text[length++] = (byte)'\n';
        return length;
    }

    /// <param name="file">The name for problems.</param>
    /// <param name="text">What the file has.</param>
    /// <param name="problems">Receives what is wrong.</param>
    /// <returns>The keys of all lines that are right.</returns>
    public static IReadOnlyList<ForwardKey> Parse(string file, ReadOnlySpan<byte> text, List<string> problems)
    {
        List<ForwardKey> keys = [];
        Dictionary<uint, int> lines = [];
        int line = 0;
        foreach (Range range in text.Split((byte)'\n'))
        {
            line++;
            ReadOnlySpan<byte> content = text[range].Trim(" \t\r"u8);
            string? problem = null;
            if (line == 1)
                problem = FindVersionProblem(content);
            else if (content.IsEmpty || content[0] == '#')
                continue;
            else if (keys.Count == MaxKeys)
                problem = $"There may be {MaxKeys} keys in a file.";
            else if (TryParse(content, out ForwardKey? key, out problem))
            {
                if (lines.TryAdd(key.Id, line))
                {
                    keys.Add(key);
                    continue;
                }

                problem = $"Key {key.Id} is in line {lines[key.Id]} already. Give the new one another id.";
                key.Dispose();
            }

            if (problem is null)
                continue;
            problems.Add($"{file}:{line}: {problem}");
            if (line == 1 || keys.Count == MaxKeys || problems.Count == MaxProblems)
                break;
        }

        if (keys.Count == 0 && problems.Count == 0)
            problems.Add($"{file}: there is no key in it. {Remedy}");
        return keys;
    }

    private static string? FindVersionProblem(ReadOnlySpan<byte> line)
    {
        if (line.SequenceEqual(VersionLine))
            return null;
        string expected = Encoding.ASCII.GetString(VersionLine);
        if (line.StartsWith("\uFEFF"u8))
            return $"Begins with a byte order mark. Save the file without one; its first line is \"{expected}\".";
        return line.StartsWith(VersionLine[..^1])
            ? $"Is of a version that this program does not know; it knows \"{expected}\". {Remedy}"
            : $"Is no file of keys, whose first line is \"{expected}\". Pass phrases and keys from elsewhere are not "
                + $"accepted. {Remedy}";
    }

    private static bool TryParse(ReadOnlySpan<byte> line, [NotNullWhen(true)] out ForwardKey? key, out string? problem)
    {
        key = null;
        problem = null;
        Span<uint> numbers = stackalloc uint[ForwardKey.MaxNodes + 1];
        int count = 0;
        ReadOnlySpan<byte> token = default;
        foreach (Range range in line.SplitAny(" \t"u8))
        {
            if (line[range].IsEmpty)
                continue;
            if (!token.IsEmpty)
            {
                if (count == numbers.Length)
                    problem = $"At most {ForwardKey.MaxNodes} nodes may share a key.";
                else if (!TryReadNumber(token, out numbers[count++]))
                    problem =
                        $"Its part {count} is no number from 0 to {uint.MaxValue}; a line is the id of a key, its "
                        + $"nodes, and the secret. {Remedy}";
                if (problem is not null)
                    return false;
            }

            token = line[range];
        }

        if (count == 0)
            problem = $"A line is the id of a key, its nodes, and the secret. {Remedy}";
        else if (ForwardKey.FindProblem(numbers[0], numbers[1..count]) is { } wrong)
            problem = $"{wrong} {Remedy}";
        else
            key = Decode(numbers[0], numbers[1..count], token, out problem);
        return key is not null;
    }

    private static ForwardKey? Decode(uint id, ReadOnlySpan<uint> nodes, ReadOnlySpan<byte> token, out string? problem)
    {
        using SecretMemory secret = new(ForwardKey.SecretLength + ChecksumLength);
        Span<byte> checksum = stackalloc byte[ChecksumLength];
        problem = null;
        if (
            token.Length != TokenLength
            || Base64.DecodeFromUtf8(token, secret.Bytes, out int used, out int written) != OperationStatus.Done
            || used != TokenLength
            || written != secret.Bytes.Length
        )
        {
            problem =
                $"Key {id} has no secret of {TokenLength} characters of base64 at its end: pass phrases and keys "
                + $"from elsewhere are not accepted. {Remedy}";
            return null;
        }

        ReadOnlySpan<byte> bytes = secret.Bytes[..ForwardKey.SecretLength];
        WriteChecksum(id, nodes, bytes, checksum);
        if (checksum.SequenceEqual(secret.Bytes[ForwardKey.SecretLength..]) && bytes.ContainsAnyExcept((byte)0))
            return new ForwardKey(id, bytes, nodes);
        problem =
            $"The checksum of key {id} is wrong: the line was changed, or was not made by keygen. Copy it again as "
            + "it was made, with its id and its nodes, or make a new key for other nodes with FastForward.Host keygen.";
        return null;
    }

    private static void WriteChecksum(uint id, ReadOnlySpan<uint> nodes, ReadOnlySpan<byte> secret, Span<byte> checksum)
    {
        Span<byte> data = stackalloc byte[Purpose.Length + (ForwardKey.MaxNodes + 1) * sizeof(uint)];
        Purpose.CopyTo(data);
        int length = Purpose.Length;
        BinaryPrimitives.WriteUInt32LittleEndian(data[length..], id);
        length += sizeof(uint);
        foreach (uint node in nodes)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(data[length..], node);
            length += sizeof(uint);
        }

        Span<byte> hash = stackalloc byte[KeyedHash.ProofLength];
        KeyedHash.Compute(secret, data[..length], hash);
        hash[..ChecksumLength].CopyTo(checksum);
    }

    private static void WriteNumber(uint number, Span<byte> text, ref int length)
    {
        number.TryFormat(text[length..], out int written, default, CultureInfo.InvariantCulture);
        length += written;
        text[length++] = (byte)' ';
    }

    private static bool TryReadNumber(ReadOnlySpan<byte> token, out uint number) =>
        uint.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
