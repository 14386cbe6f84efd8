namespace FastForward.Host.Commands;

/// <summary>The standard output of a command is closed or full, which is no fault of the program.</summary>
internal static class LostOutput
{
    private const int BrokenPipe = 32; // EPIPE, which an IOException of a stream has as its code

    /// <summary>Whether an exception says so.</summary>
    public static bool Is(Exception exception) => exception is IOException or UnauthorizedAccessException;

    /// <summary>Tells the reason. A reader that has seen enough, as in <c>stat | head</c>, is none.</summary>
    /// <returns>The exit code.</returns>
    public static int Report(Exception exception)
    {
        // EBADF comes as an UnauthorizedAccessException.
        string reason = exception is UnauthorizedAccessException ? "it is closed" : exception.Message;
        if (exception.HResult != BrokenPipe)
            Console.Error.WriteLine($"The standard output cannot be written: {reason}");
        return ExitCode.Failure;
    }
}
