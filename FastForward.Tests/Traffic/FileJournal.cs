using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;

namespace FastForward.Tests.Traffic;

/// <summary>
/// The journal of a real process in a file that is mapped into memory: each entry is in the file at once, and outlives
/// a process that is killed.
/// </summary>
internal sealed unsafe class FileJournal : Journal, IDisposable
{
    private const int Capacity = 4_000_000; // the file is sparse

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly JournalEntry* _entries;
    private int _count;

    /// <summary>Creates the file, or opens what a process has written.</summary>
    public FileJournal(string directory, int process, uint node)
        : base(process, node)
    {
        long bytes = (long)Capacity * sizeof(JournalEntry);
        string path = Path.Combine(directory, $"{process}.journal");
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.OpenOrCreate, null, bytes);
        _view = _file.CreateViewAccessor();
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _entries = (JournalEntry*)start;
        while (_count < Capacity && _entries[_count].Kind != EntryKind.None)
            _count++;
    }

    public override int Count => _count;

    /// <summary>More is received than sent when others go on sending: the room for it is kept.</summary>
    public bool HasRoomToSend => _count < Capacity / 4;

    public override JournalEntry this[int index] =>
        index < _count ? _entries[index] : throw new ArgumentOutOfRangeException(nameof(index));

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    protected override void Add(in JournalEntry entry)
    {
        if (_count == Capacity)
            throw new InvalidOperationException("The journal is full: shorten the run.");
        // The kind is written last: an entry is complete or absent.
        JournalEntry incomplete = entry;
        incomplete.Kind = EntryKind.None;
        _entries[_count] = incomplete;
        SetKind(_count++, entry.Kind);
    }

    protected override void SetKind(int index, EntryKind kind) =>
        Volatile.Write(ref Unsafe.As<EntryKind, int>(ref _entries[index].Kind), (int)kind);
}
