using System.Text;

namespace FastForward.Host.Commands;

/// <summary>
/// Writes to a stream that may have been closed, or whose disk may be full. What cannot be written is lost: progress
/// and error messages must not end the program. Whole lines show no control characters.
/// </summary>
internal sealed class BestEffortWriter(TextWriter inner) : TextWriter
{
    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <inheritdoc/>
    public override void Write(char value) => Try(() => inner.Write(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Try(() => inner.Write(buffer, index, count));

    /// <inheritdoc/>
    public override void Write(string? value) => Try(() => inner.Write(value));

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Try(() => inner.WriteLine(value is null ? null : Visible(value)));

    /// <inheritdoc/>
    public override void Flush() => Try(inner.Flush);

    // A message may quote the command line, a file or a host; only its line ends are the program's own.
    private static string Visible(string text) => string.Join('\n', text.Split('\n').Select(VisibleText.Of));

    private static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (LostOutput.Is(exception)) { }
    }
}
