namespace FastForward.Host.Running;

/// <summary>The standard error stream, which the caller may have closed (<c>2&gt;&amp;-</c>).</summary>
internal static class StandardError
{
    private const int O_CLOEXEC = 0x80000;

    /// <summary>
    /// The stream. When the process was started without one, nothing is written: the next file that the runtime opened
    /// has its number.
    /// </summary>
    public static Stream Open() => IsInherited() ? Console.OpenStandardError() : Stream.Null;

    // What passed execve(2) has no close-on-exec flag; what the runtime opens has one.
    private static bool IsInherited()
    {
        const string field = "flags:";
        try
        {
            string? line = File.ReadLines("/proc/self/fdinfo/2")
                .FirstOrDefault(static line => line.StartsWith(field, StringComparison.Ordinal));
            return line is null || (Convert.ToInt32(line[field.Length..].Trim(), 8) & O_CLOEXEC) == 0;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            return true; // proc(5) is not mounted
        }
    }
}
