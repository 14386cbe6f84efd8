using Microsoft.Win32.SafeHandles;

namespace FastForward.Host.Running;

/// <summary>
/// The terminal from which the process was started, if any. It tells a SIGHUP of a terminal that was closed from one
/// that an operator or a program sent, also after the process has outlived its terminal.
/// </summary>
internal sealed class ControllingTerminal : IDisposable
{
    private const int Checks = 5;
    private static readonly TimeSpan s_checkInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_watchInterval = TimeSpan.FromSeconds(2);

    // Counted, not timed: a process that was stopped when its terminal was closed is signalled as it continues.
    private const int MissesOfOutlived = 2;

    private readonly Action _outlived;
    private readonly Timer? _watch;
    private volatile int _misses;

    /// <param name="outlived">Called once, when the terminal has been gone for some seconds.</param>
    public ControllingTerminal(Action outlived)
    {
        _outlived = outlived;
        if (IsThere())
            _watch = new Timer(_ => Watch(), null, s_watchInterval, s_watchInterval);
    }

    /// <summary>
    /// Whether the terminal was lost just now. The kernel may signal a moment before it takes the terminal away.
    /// </summary>
    public async Task<bool> IsLostAsync()
    {
        for (int i = 0; _watch is not null && _misses < MissesOfOutlived && i < Checks; i++)
        {
            if (!IsThere())
                return true;
            await Task.Delay(s_checkInterval).ConfigureAwait(false);
        }

        return false;
    }

    public void Dispose() => _watch?.Dispose();

    private void Watch()
    {
        if (_misses >= MissesOfOutlived)
            return;
        _misses = IsThere() ? 0 : _misses + 1;
        if (_misses < MissesOfOutlived)
            return;
        _watch!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _outlived();
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
}
