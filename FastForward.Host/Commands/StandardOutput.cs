using System.Text;
using Microsoft.Win32.SafeHandles;

namespace FastForward.Host.Commands;

/// <summary>
/// The standard output of commands whose reader may close it. The console's own stream ignores EPIPE (write(2)), so a
/// command that prints for ever would never notice; this one throws <see cref="IOException"/>.
/// </summary>
internal static class StandardOutput
{
    private const int FileNumber = 1; // STDOUT_FILENO of stdin(3)

    /// <summary>Replaces <see cref="Console.Out"/> where it is no terminal. Does nothing when it is closed.</summary>
    public static void ReportBrokenPipes()
    {
        if (!Console.IsOutputRedirected)
            return;
        try
        {
            FileStream stream = new(new SafeFileHandle(FileNumber, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (stream.CanSeek)
                return; // a file: the stream would write where it began, over what other programs append
            UTF8Encoding encoding = new(encoderShouldEmitUTF8Identifier: false);
            Console.SetOut(new StreamWriter(stream, encoding) { AutoFlush = true });
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or UnauthorizedAccessException)
        {
            // A closed descriptor: the console's own stream reports it with the first write.
        }
    }
}
