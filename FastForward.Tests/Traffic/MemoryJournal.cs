using System.Runtime.InteropServices;

namespace FastForward.Tests.Traffic;

/// <summary>The journal of a simulated process.</summary>
internal sealed class MemoryJournal(int process, uint node) : Journal(process, node)
{
    private readonly List<JournalEntry> _entries = [];

    public override int Count => _entries.Count;

    public override JournalEntry this[int index] => _entries[index];

    /// <summary>For worlds that are not compared: nothing is remembered.</summary>
    public void Clear() => _entries.Clear();

    protected override void Add(in JournalEntry entry) => _entries.Add(entry);

    protected override void SetKind(int index, EntryKind kind) =>
        CollectionsMarshal.AsSpan(_entries)[index].Kind = kind;
}
