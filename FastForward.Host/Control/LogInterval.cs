using System.Diagnostics;

namespace FastForward.Host.Control;

/// <summary>Limits a log event that clients can provoke to one entry per second. Not thread-safe.</summary>
internal sealed class LogInterval
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private long _last;
    private long _suppressed;

    /// <summary>Whether an entry may be written now.</summary>
    /// <param name="suppressed">Entries suppressed since the last one.</param>
    public bool TryPass(out long suppressed)
    {
        suppressed = _suppressed;
        if (_last != 0 && Stopwatch.GetElapsedTime(_last) < s_interval)
        {
            _suppressed++;
            return false;
        }

        _last = Stopwatch.GetTimestamp();
        _suppressed = 0;
        return true;
    }
}
