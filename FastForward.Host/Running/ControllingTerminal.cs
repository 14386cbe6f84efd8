using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace FastForward.Host.Running;

/// <summary>
/// The terminal from which the process was started, if any. It tells a SIGHUP of a terminal that was closed from one
/// that somebody sent.
/// </summary>
internal sealed class ControllingTerminal
{
    private const int Checks = 5;
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    // Under nohup(1) the process outlives its terminal.
    private readonly bool _counts = IsThere() && !IgnoresHangUp();

    /// <summary>
    /// Whether the terminal is gone. The kernel may signal a moment before it takes the terminal away.
    /// </summary>
    public async Task<bool> IsLostAsync()
    {
        for (int i = 0; _counts && i < Checks; i++)
        {
            if (!IsThere())
                return true;
            await Task.Delay(s_interval).ConfigureAwait(false);
        }

        return false;
    }

    // tty(4): without a controlling terminal, open(2) fails with ENXIO.
    private static bool IsThere()
    {
        try
        {
            using SafeFileHandle terminal = File.OpenHandle(
                "/dev/tty",
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete
            );
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IgnoresHangUp()
    {
        const string field = "SigIgn:";
        try
        {
            string? line = File.ReadLines("/proc/self/status")
                .FirstOrDefault(static line => line.StartsWith(field, StringComparison.Ordinal));
            return line is not null
                && ulong.TryParse(
                    line.AsSpan(field.Length).Trim(),
                    NumberStyles.HexNumber,
                    CultureInfo.InvariantCulture,
                    out ulong ignored
                )
                && (ignored & 1) != 0; // SIGHUP is 1
        }
        catch (IOException)
        {
            return false;
        }
    }
}
