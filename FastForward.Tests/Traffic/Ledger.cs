using FastForward.Transport;

namespace FastForward.Tests.Traffic;

/// <summary>
/// Compares what the processes of a world sent with what arrived and what was reported. For each stream: nothing is
/// repeated, reordered or damaged, each gap is reported to the receiver, and no reliable message is lost without a
/// report to its sender. Simulated and real processes are checked alike.
/// </summary>
internal sealed class Ledger
{
    private const int MostDescriptions = 20;
    private const ulong FirstSequence = 0;

    private readonly Dictionary<int, Journal> _journals;
    private readonly HashSet<ulong> _delivered = [];
    private readonly Dictionary<ulong, long> _places = []; // of accepted messages in their streams
    private readonly List<string> _faults = [];

    public Ledger(IEnumerable<Journal> journals)
    {
        _journals = journals.ToDictionary(static journal => journal.Process);
        foreach (Journal journal in _journals.Values)
            NumberAccepted(journal);
        foreach (Journal journal in _journals.Values)
            CheckReceived(journal);
        foreach (Journal journal in _journals.Values.Where(static journal => !journal.IsKilled))
            CheckLost(journal);
    }

    public long Accepted { get; private set; }

    /// <summary>Accepted reliable messages.</summary>
    public long Reliable { get; private set; }

    public long Delivered => _delivered.Count;

    /// <summary>Reliable messages that neither arrived nor were reported.</summary>
    public long Lost { get; private set; }

    public long Repeated { get; private set; }

    public long Reordered { get; private set; }

    /// <summary>Damaged, on another stream or at another node, or refused and delivered all the same.</summary>
    public long Wrong { get; private set; }

    /// <summary>Messages before which a gap was not reported, or another one than there was.</summary>
    public long WrongGaps { get; private set; }

    /// <summary>
    /// Of the real-time stream that lost most, how many accepted messages did not arrive, those at its end included.
    /// </summary>
    public long MostMissingRealTime =>
        _journals
            .Values.SelectMany(static journal =>
                Enumerable.Range(0, journal.Count).Select(i => (Journal: journal, Entry: journal[i]))
            )
            .Where(static sent => sent.Entry is { Kind: EntryKind.Accepted, Class: MessageClass.RealTime })
            .GroupBy(static sent => (sent.Journal.Process, sent.Entry.Node, sent.Entry.Stream))
            .Select(stream => (long)stream.Count(sent => !_delivered.Contains(sent.Entry.Number)))
            .DefaultIfEmpty()
            .Max();

    /// <summary>Accepted messages of a class that did not arrive, reported or not.</summary>
    public long MissingOf(MessageClass messageClass) =>
        _journals.Values.Sum(journal =>
            Enumerable
                .Range(0, journal.Count)
                .Select(i => journal[i])
                .LongCount(entry =>
                    entry.Kind == EntryKind.Accepted
                    && entry.Class == messageClass
                    && !_delivered.Contains(entry.Number)
                )
        );

    public bool IsSound => Lost + Repeated + Reordered + Wrong + WrongGaps == 0;

    /// <summary>The first faults, in words.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Fails the test if there is a fault.</summary>
    public static Ledger Check(string world, IEnumerable<Journal> journals)
    {
        Ledger ledger = new(journals);
        if (!ledger.IsSound)
            Assert.Fail($"{world}: {ledger}\n{string.Join('\n', ledger.Faults)}");
        return ledger;
    }

    public override string ToString() =>
        $"{Accepted} accepted ({Reliable} reliable), {Delivered} delivered, {Lost} lost without a report, "
        + $"{Repeated} repeated, {Reordered} reordered, {Wrong} wrong, {WrongGaps} wrong gaps";

    private void NumberAccepted(Journal journal)
    {
        Dictionary<(uint, ulong), long> next = [];
        for (int i = 0; i < journal.Count; i++)
        {
            JournalEntry entry = journal[i];
            if (!MayArrive(journal, entry))
                continue;
            Accepted++;
            if (entry.Class == MessageClass.Reliable)
                Reliable++;
            long place = next.GetValueOrDefault((entry.Node, entry.Stream));
            next[(entry.Node, entry.Stream)] = place + 1;
            _places[entry.Number] = place;
        }
    }

    // A killed process may have sent the last message without recording the answer.
    private static bool MayArrive(Journal sender, in JournalEntry entry) =>
        entry.Kind == EntryKind.Accepted || (entry.Kind == EntryKind.Offered && sender.IsKilled);

    private void CheckReceived(Journal receiver)
    {
        Dictionary<(uint, ulong), (int Process, ulong Sequence, ulong Number)> last = [];
        for (int i = 0; i < receiver.Count; i++)
        {
            JournalEntry entry = receiver[i];
            (uint, ulong) stream = (entry.Node, entry.Stream);
            switch (entry.Kind)
            {
                case EntryKind.StreamEnded:
                    // The next message of this stream, if any, belongs to another association.
                    last.Remove(stream);
                    break;
                case EntryKind.Damaged:
                    Wrong++;
                    Describe(receiver, entry, "was damaged");
                    break;
                case EntryKind.Received:
                    CheckMessage(receiver, entry, last);
                    break;
            }
        }
    }

    private void CheckMessage(
        Journal receiver,
        JournalEntry entry,
        Dictionary<(uint, ulong), (int Process, ulong Sequence, ulong Number)> last
    )
    {
        (int process, long index) = MessageContent.Split(entry.Number);
        if (!_journals.TryGetValue(process, out Journal? sender) || index >= sender.Count || !IsSame(sender, receiver))
        {
            Wrong++;
            Describe(receiver, entry, "was not sent to it there");
            return;
        }

        if (!_delivered.Add(entry.Number))
        {
            Repeated++;
            Describe(receiver, entry, "was delivered twice");
            return;
        }

        (uint, ulong) stream = (entry.Node, entry.Stream);
        bool isLater = last.TryGetValue(stream, out (int Process, ulong Sequence, ulong Number) before);
        isLater &= before.Process == process;
        last[stream] = (process, entry.Sequence, entry.Number);
        if (isLater && entry.Number < before.Number)
        {
            Reordered++;
            Describe(receiver, entry, $"was delivered after {before.Number}");
            return;
        }

        ulong expected = isLater ? before.Sequence + 1 : FirstSequence;
        bool isRight = entry.Sequence == expected + entry.Skipped;
        if (isLater)
            isRight &= _places[entry.Number] - _places[before.Number] - 1 == (long)entry.Skipped;
        if (entry.Class == MessageClass.Reliable)
            isRight &= entry.Skipped == 0;
        if (isRight)
            return;
        WrongGaps++;
        Describe(
            receiver,
            entry,
            $"has sequence {entry.Sequence} where {expected} was next, and a reported gap of {entry.Skipped}"
        );

        bool IsSame(Journal from, Journal to)
        {
            JournalEntry sent = from[(int)index];
            return MayArrive(from, sent)
                && (sent.Node, sent.Stream, sent.Class, sent.Size) == (to.Node, entry.Stream, entry.Class, entry.Size)
                && from.Node == entry.Node;
        }
    }

    private void CheckLost(Journal sender)
    {
        Dictionary<(uint, ulong), (long Missing, ulong Last)> missing = [];
        for (int i = 0; i < sender.Count; i++)
        {
            JournalEntry entry = sender[i];
            (uint, ulong) stream = (entry.Node, entry.Stream);
            (long count, ulong last) = missing.GetValueOrDefault(stream);
            if (
                entry.Kind == EntryKind.Accepted
                && entry.Class == MessageClass.Reliable
                && !_delivered.Contains(entry.Number)
            )
                missing[stream] = (count + 1, entry.Number);
            else if (entry.Kind == EntryKind.Undelivered && count > 0)
                missing[stream] = (count - Math.Min(count, (long)entry.Number), last);
        }

        foreach (
            ((uint node, ulong stream), (long count, ulong last)) in missing.Where(static one => one.Value.Missing > 0)
        )
        {
            Lost += count;
            Describe(
                $"node {sender.Node} process {sender.Process}: {count} reliable messages to node {node} "
                    + $"stream {stream}, the last one {last}, were lost without a report"
            );
        }
    }

    private void Describe(Journal receiver, in JournalEntry entry, string what) =>
        Describe(
            $"node {receiver.Node} process {receiver.Process}: {entry.Class} message {entry.Number} "
                + $"(process {MessageContent.Split(entry.Number).Process}) of node {entry.Node} "
                + $"stream {entry.Stream} {what}"
        );

    private void Describe(string fault)
    {
        if (_faults.Count < MostDescriptions)
            _faults.Add(fault);
    }
}
