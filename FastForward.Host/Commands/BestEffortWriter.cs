using System.Text;

namespace FastForward.Host.Commands;

/// <summary>
/// Writes to a stream that may have been closed, whose disk may be full, or that may be a pipe that nothing reads. What
/// cannot be written is lost: progress and error messages must neither end the program nor keep it from its end. Whole
/// lines show no control characters.
/// </summary>
internal sealed class BestEffortWriter(TextWriter inner) : TextWriter
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(1);

    private Task _last = Task.CompletedTask;

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

    // A write that the stream does not take in time keeps its place, and those that come meanwhile are lost.
    private void Try(Action write)
    {
        if (!_last.Wait(TimeSpan.Zero))
            return;
        _last = Task.Run(() =>
        {
            try
            {
                write();
            }
            catch (Exception exception) when (LostOutput.Is(exception)) { }
        });
        _last.Wait(s_limit);
    }
}
