using System.Text;

namespace FastForward.Host.Commands;

/// <summary>
/// Writes to a stream that may have been closed, or whose disk may be full. What cannot be written is lost: progress
/// and error messages must not end the program.
/// </summary>
internal sealed class BestEffortWriter(TextWriter inner) : TextWriter
{
    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <summary>
    /// Whether an exception says that the output is closed or full, which is no fault of the program.
    /// </summary>
    public static bool IsLostOutput(Exception exception) => exception is IOException or UnauthorizedAccessException;

    /// <inheritdoc/>
    public override void Write(char value) => Try(() => inner.Write(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Try(() => inner.Write(buffer, index, count));

    /// <inheritdoc/>
    public override void Write(string? value) => Try(() => inner.Write(value));

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Try(() => inner.WriteLine(value));

    /// <inheritdoc/>
    public override void Flush() => Try(inner.Flush);

    private static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (IsLostOutput(exception)) { }
    }
}
