using System.Diagnostics.CodeAnalysis;
using FastForward.Transport.Cryptography;
using FastForward.Transport.Keys;

namespace FastForward.Transport;

/// <summary>
/// Files of keys, as <c>FastForward.Host keygen</c> makes them: a line with the version, and a line for each key with
/// its id, its nodes, its secret and a checksum over all of them.
/// </summary>
public static class ForwardKeyFile
{
    /// <summary>
    /// Reads a file that only its owner, who runs this process or is root, may read and write. A relative name is that
    /// of a file in <c>$CREDENTIALS_DIRECTORY</c> (systemd.exec(5)), if it is there.
    /// </summary>
    /// <param name="file">The name of the file.</param>
    /// <param name="keys">The keys, which the caller has to dispose of.</param>
    /// <param name="problems">What is wrong, each with file, line and remedy, and never with a secret.</param>
    /// <returns>False when there are problems.</returns>
    public static bool TryRead(
        string file,
        [NotNullWhen(true)] out IReadOnlyList<ForwardKey>? keys,
        out IReadOnlyList<string> problems
    ) => TryRead(file, Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY"), out keys, out problems);

    /// <summary>Writes what a file of these keys has. Create the file for its owner alone (mode 0600).</summary>
    /// <param name="stream">Where to write; unbuffered, or the secrets stay in its buffer.</param>
    /// <param name="keys">The keys.</param>
    public static void Write(Stream stream, IReadOnlyList<ForwardKey> keys)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(keys);
        using SecretMemory text = new(KeyFileText.LengthOf(keys));
        stream.Write(text.Bytes[..KeyFileText.Format(keys, text.Bytes)]);
    }

    /// <summary>Writes the line of one more key, for the end of such a file.</summary>
    /// <inheritdoc cref="Write"/>
    public static void Append(Stream stream, ForwardKey key)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(key);
        using SecretMemory text = new(KeyFileText.LengthOf([key]));
        stream.Write(text.Bytes[..KeyFileText.FormatLine(key, text.Bytes)]);
    }

    internal static bool TryRead(
        string file,
        string? credentials,
        [NotNullWhen(true)] out IReadOnlyList<ForwardKey>? keys,
        out IReadOnlyList<string> problems
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        keys = null;
        using SecretMemory? text = KeyFileAccess.Read(
            file,
            credentials,
            out int length,
            out string path,
            out string? problem
        );
        if (text is null)
        {
            problems = [$"{path}: {problem}"];
            return false;
        }

        List<string> wrong = [];
        IReadOnlyList<ForwardKey> read = KeyFileText.Parse(path, text.Bytes[..length], wrong);
        problems = wrong;
        if (wrong.Count == 0)
        {
            keys = read;
            return true;
        }

        foreach (ForwardKey key in read)
            key.Dispose();
        return false;
    }
}
