using System.Text;

namespace FastForward.Host.Commands;

/// <summary>
/// Writes to a stream that a person may have closed, or whose disk may be full. What cannot be written is lost: progress
/// and complaints must not end the program that they are about.
/// </summary>
internal sealed class ForgivingWriter(TextWriter inner) : TextWriter
{
    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <summary>The stream is gone or takes no more: the one kind of failure that says nothing about this program.</summary>
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
