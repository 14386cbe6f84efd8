using FastForward.Transport.Cryptography;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Keys;

/// <summary>Reads the bytes of a file of secrets, if no one else can read or write them.</summary>
internal static class KeyFileAccess
{
    /// <summary>The most bytes of a file.</summary>
    public const int MaxLength = 1 << 19;

    private const int NotForOthers = 0b000_111_111;
    private const int GroupReads = 0b000_100_000;

    /// <param name="file">The name.</param>
    /// <param name="credentials">The directory in which a service manager has put secrets; null for none.</param>
    /// <param name="length">Bytes read.</param>
    /// <param name="path">The name of the file that was meant.</param>
    /// <param name="problem">Why it is not read.</param>
    /// <returns>Memory that begins with what the file has; null when it is not read.</returns>
    public static unsafe SecretMemory? Read(
        string file,
        string? credentials,
        out int length,
        out string path,
        out string? problem
    )
    {
        length = 0;
        path = Locate(file, credentials);
        if (path.Contains('\0'))
        {
            problem = "is no name of a file.";
            return null;
        }

        // Not blocking: the name may be that of a pipe that no one writes to.
        using Descriptor descriptor = new(LibC.Open(path, LibC.O_CLOEXEC | LibC.O_NONBLOCK, 0));
        LibC.FileStatus status;
        if (
            descriptor.IsInvalid
            || LibC.Status(descriptor, "", LibC.AT_EMPTY_PATH, LibC.STATX_BASIC_STATS, &status) != 0
        )
        {
            int error = LibC.LastError;
            problem =
                error == Errno.ENOENT
                    ? "there is no such file. FastForward.Host keygen makes one."
                    : $"cannot be read: {LibC.Describe(error)}.";
            return null;
        }

        problem = FindProblem(path, status, IsWithin(path, credentials));
        if (problem is not null)
            return null;
        SecretMemory text = new(MaxLength + 1);
        for (nint count = 1; count > 0 && length <= MaxLength; length += (int)count)
        {
            count = LibC.Read(descriptor, text.Pointer + length, (nuint)(MaxLength + 1 - length));
            if (count < 0)
            {
                problem = $"cannot be read: {LibC.Describe(LibC.LastError)}.";
                text.Dispose();
                return null;
            }
        }

        if (length <= MaxLength)
            return text;
        problem = TooLong;
        text.Dispose();
        return null;
    }

    private static string TooLong => $"is longer than {MaxLength} bytes, so it is no file of keys.";

    private static string Locate(string file, string? credentials)
    {
        if (Path.IsPathRooted(file) || string.IsNullOrEmpty(credentials))
            return file;
        string credential = Path.Combine(credentials, file);
        return File.Exists(credential) ? credential : file;
    }

    private static bool IsWithin(string path, string? directory) =>
        !string.IsNullOrEmpty(directory)
        && Path.GetFullPath(path)
            .StartsWith(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)) + "/", StringComparison.Ordinal);

    // systemd gives credentials to a user other than root by an access list, whose mask the bits of the group show.
    private static string? FindProblem(string path, in LibC.FileStatus status, bool isCredential)
    {
        if ((status.Mode & LibC.S_IFMT) != LibC.S_IFREG)
            return "is no regular file.";
        if (status.UserId != 0 && status.UserId != LibC.EffectiveUserId())
        {
            return $"belongs to user {status.UserId}, who could change it. It must belong to root or to the user of "
                + $"this process: chown {LibC.EffectiveUserId()} {path}";
        }

        int forbidden = isCredential ? NotForOthers & ~GroupReads : NotForOthers;
        if ((status.Mode & forbidden) != 0)
        {
            string mode = Convert.ToString(status.Mode & 0xFFF, 8).PadLeft(4, '0');
            return $"others than its owner may read or write it (mode {mode}), so its keys may be known: chmod 600 "
                + $"{path}, and make new keys if others have had access.";
        }

        return status.Size > MaxLength ? TooLong : null;
    }
}
