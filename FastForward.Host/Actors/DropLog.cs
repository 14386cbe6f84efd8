using Microsoft.Extensions.Logging;

namespace FastForward.Host.Actors;

/// <summary>
/// Counts dropped datagrams by reason and logs them: the first of a reason at once, then at most one line per ten
/// seconds and reason, with the count. So a flood does not fill the disk, and a single drop is still seen.
/// </summary>
internal sealed partial class DropLog(string actor, ILogger logger)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMicroseconds(10_000_000);

    private readonly Dictionary<string, Entry> _entries = [];

    /// <summary>All drops so far.</summary>
    public long Total { get; private set; }

    /// <summary>Counts a drop.</summary>
    /// <param name="reason">A constant text: it is the key.</param>
    /// <param name="bytes">The length of the datagram.</param>
    /// <param name="now">The loop's time.</param>
    /// <param name="count">How many at once.</param>
    public void Add(string reason, int bytes, TimeSpan now, long count = 1)
    {
        Total += count;
        if (!_entries.TryGetValue(reason, out Entry? entry))
            _entries[reason] = entry = new Entry();
        entry.Unlogged += count;
        entry.Bytes = bytes;
        if (now >= entry.NextLine)
            Write(reason, entry, now);
    }

    /// <summary>Logs what has waited long enough. Called about once a second.</summary>
    public void Flush(TimeSpan now)
    {
        foreach ((string reason, Entry entry) in _entries)
        {
            if (entry.Unlogged > 0 && now >= entry.NextLine)
                Write(reason, entry, now);
        }
    }

    private void Write(string reason, Entry entry, TimeSpan now)
    {
        LogDropped(logger, actor, entry.Unlogged, entry.Bytes, reason);
        entry.Unlogged = 0;
        entry.NextLine = now + s_pause;
    }

    [LoggerMessage(
        EventId = 8010,
        Level = LogLevel.Warning,
        Message = "{Actor}: dropped {Count} (the last of {Bytes} bytes): {Reason}"
    )]
    private static partial void LogDropped(ILogger logger, string actor, long count, int bytes, string reason);

    private sealed class Entry
    {
        public long Unlogged { get; set; }

        public int Bytes { get; set; }

        public TimeSpan NextLine { get; set; } = TimeSpan.MinValue;
    }
}
