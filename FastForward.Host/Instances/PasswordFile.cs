namespace FastForward.Host.Instances;

/// <summary>A file with a password and nothing else, that no other user can read.</summary>
internal static class PasswordFile
{
    private const int MostBytes = 4096;
    private const UnixFileMode ForOthers =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>Reads the password; a line break at the end is not part of it.</summary>
    /// <param name="file">The name; a relative one is that of a credential of systemd.</param>
    /// <param name="credentials">The directory of credentials; null for none.</param>
    /// <param name="password">The password.</param>
    /// <returns>What is wrong with the file, without what is in it; null when nothing is.</returns>
    public static string? TryRead(string file, string? credentials, out string password)
    {
        password = "";
        string path =
            Path.IsPathRooted(file) || string.IsNullOrEmpty(credentials) ? file : Path.Combine(credentials, file);
        try
        {
            FileInfo info = new(path);
            if (!info.Exists)
                return $"{path}: there is no such file";
            bool isCredential =
                !string.IsNullOrEmpty(credentials)
                && Path.GetDirectoryName(Path.GetFullPath(path)) == Path.TrimEndingDirectorySeparator(credentials);
            if (!isCredential && (info.UnixFileMode & ForOthers) != 0)
                return $"{path}: other users can read or write it; chmod 600 {path}";
            if (info.Length > MostBytes)
                return $"{path}: is longer than {MostBytes} bytes, so it is no password";
            password = File.ReadAllText(path).TrimEnd('\r', '\n');
            if (password.Length == 0)
                return $"{path}: is empty";
            return password.AsSpan().ContainsAny('\r', '\n') ? $"{path}: has more than one line" : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"{path}: {exception.Message}";
        }
    }
}
