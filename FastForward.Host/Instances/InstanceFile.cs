using System.Text;

namespace FastForward.Host.Instances;

/// <summary>The text of an instance file, of any file that an operator may name by mistake, or of a pipe.</summary>
internal static class InstanceFile
{
    private const int MaxCharacters = 1 << 20;

    /// <returns>Why it cannot be read; null when it was.</returns>
    public static InstanceProblem? TryRead(string file, out string text)
    {
        text = "";
        try
        {
            if (Directory.Exists(file))
                return Unreadable("is a directory, not an instance file");
            using StreamReader reader = new(file);
            return ReadAll(reader, out text) is { } problem ? Unreadable(problem) : null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return Unreadable("there is no such file");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Unreadable($"cannot be read: {exception.Message}");
        }

        InstanceProblem Unreadable(string reason) => new(file, 0, "", reason);
    }

    // In pieces: the file may also be a pipe or a device without an end.
    private static string? ReadAll(StreamReader reader, out string text)
    {
        text = "";
        StringBuilder builder = new();
        Span<char> buffer = stackalloc char[1024];
        for (int count; (count = reader.Read(buffer)) > 0; builder.Append(buffer[..count]))
        {
            if (buffer[..count].Contains('\0'))
                return "is no text file";
            if (builder.Length + count > MaxCharacters)
                return $"is longer than {MaxCharacters} characters, so it is no instance file";
        }

        text = builder.ToString();
        return null;
    }
}
