using System.Globalization;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Actors;

/// <summary>
/// Counts dropped datagrams by reason and logs them: the first of a reason at once, then at most one line per ten
/// seconds and reason, with the count. So a flood does not fill the disk, and a single drop is still seen.
/// </summary>
internal sealed partial class DropLog(string actor, ILogger logger)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMicroseconds(10_000_000);

    private readonly Dictionary<DropReason, Entry> _entries = [];
    private volatile Entry[] _all = []; // the same, for reading on any thread

    /// <summary>All drops so far.</summary>
    public long Total { get; private set; }

    /// <summary>The drops so far by the words of their reasons. Any thread may read.</summary>
    public IEnumerable<KeyValuePair<string, long>> Counts =>
        _all.Select(static entry => KeyValuePair.Create(entry.Reason.Word, entry.Count));

    /// <summary>Counts a drop.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="bytes">The length of the datagram; null where it is not known.</param>
    /// <param name="now">The loop's time.</param>
    /// <param name="count">How many at once.</param>
    /// <param name="detail">What the reason leaves open, for the log.</param>
    public void Add(DropReason reason, int? bytes, TimeSpan now, long count = 1, string? detail = null)
    {
        Total += count;
        if (!_entries.TryGetValue(reason, out Entry? entry))
        {
            _entries[reason] = entry = new Entry(reason);
            _all = [.. _all, entry];
        }

        entry.Count += count;
        entry.Unlogged += count;
        entry.Bytes = bytes;
        entry.Detail = detail;
        if (now >= entry.NextLine)
            Write(entry, now);
    }

    /// <summary>Logs what has waited long enough. Called about once a second.</summary>
    public void Flush(TimeSpan now)
    {
        foreach (Entry entry in _all)
        {
            if (entry.Unlogged > 0 && now >= entry.NextLine)
                Write(entry, now);
        }
    }

    private void Write(Entry entry, TimeSpan now)
    {
        string text = entry.Detail is null ? entry.Reason.Text : $"{entry.Reason.Text}: {entry.Detail}";
        string size = entry.Bytes is { } bytes
            ? string.Create(CultureInfo.InvariantCulture, $" (the last of {bytes} bytes)")
            : "";
        LogDropped(logger, actor, entry.Unlogged, size, text);
        entry.Unlogged = 0;
        entry.NextLine = now + s_pause;
    }

    [LoggerMessage(EventId = 8010, Level = LogLevel.Warning, Message = "{Actor}: dropped {Count}{Size}: {Reason}")]
    private static partial void LogDropped(ILogger logger, string actor, long count, string size, string reason);

    private sealed class Entry(DropReason reason)
    {
        public DropReason Reason => reason;

        public long Count { get; set; }

        public string? Detail { get; set; }

        public long Unlogged { get; set; }

        public int? Bytes { get; set; }

        public TimeSpan NextLine { get; set; } = TimeSpan.MinValue;
    }
}
