namespace FastForward.Transport.Session;

/// <summary>
/// The senders of one class that wait for room, first come first served, and the room that is reserved for those that
/// were notified. While the first one lacks room that all share, no other sender may take it: otherwise small messages
/// would use up what a large one waits for.
/// </summary>
internal sealed class WaitingSenders(int limit)
{
    private readonly Dictionary<ulong, Waiter> _byStream = [];
    private Waiter? _free;
    private Waiter? _last;
    private Waiter? _short;

    /// <summary>The one that has waited longest; null when none waits.</summary>
    public Waiter? First { get; private set; }

    /// <summary>Senders that wait and were not notified yet.</summary>
    public int Count { get; private set; }

    /// <summary>Payload bytes for which room is reserved.</summary>
    public long ReservedBytes { get; private set; }

    /// <summary>Messages for which room is reserved.</summary>
    public int ReservedMessages { get; private set; }

    /// <summary>Another sender is first in line for the room that all share.</summary>
    public bool IsBehind(ulong stream) =>
        _short is { } first
        && first.Stream != stream
        && !(_byStream.TryGetValue(stream, out Waiter? waiter) && waiter.IsReserved);

    /// <summary>Adds a sender, or changes the length of its message; it keeps its place.</summary>
    /// <param name="stream">Its stream.</param>
    /// <param name="length">The length of its message.</param>
    /// <param name="lacksSharedRoom">It waits for room that all share, not only for the credit of its stream.</param>
    /// <returns>False at the limit. It exists because each sender is notified.</returns>
    public bool Add(ulong stream, int length, bool lacksSharedRoom)
    {
        if (_byStream.TryGetValue(stream, out Waiter? waiter) && !waiter.IsReserved)
        {
            waiter.Length = length;
        }
        else
        {
            Release(stream);
            if (Count >= limit)
                return false;
            waiter = Rent(stream, length);
            Append(waiter);
        }

        if (lacksSharedRoom)
            _short ??= waiter;
        return true;
    }

    /// <summary>Sets the first sender that lacks room that all share; null for none.</summary>
    public void SetShort(Waiter? waiter) => _short = waiter;

    /// <summary>Reserves room for a waiting sender, which is notified.</summary>
    public void Reserve(Waiter waiter)
    {
        Unlink(waiter);
        waiter.IsReserved = true;
        ReservedBytes += waiter.Length;
        ReservedMessages++;
    }

    /// <summary>Ends the reservation of a stream.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Release(ulong stream)
    {
        if (!_byStream.TryGetValue(stream, out Waiter? waiter) || !waiter.IsReserved)
            return false;
        ReservedBytes -= waiter.Length;
        ReservedMessages--;
        Return(waiter);
        return true;
    }

    /// <summary>Removes a sender that waits.</summary>
    /// <returns>Whether it waited.</returns>
    public bool Remove(ulong stream)
    {
        if (!_byStream.TryGetValue(stream, out Waiter? waiter) || waiter.IsReserved)
            return false;
        Unlink(waiter);
        Return(waiter);
        return true;
    }

    private Waiter Rent(ulong stream, int length)
    {
        Waiter waiter = _free ?? new Waiter();
        _free = waiter.Next;
        waiter.Next = null;
        waiter.Stream = stream;
        waiter.Length = length;
        _byStream.Add(stream, waiter);
        return waiter;
    }

    private void Return(Waiter waiter)
    {
        _byStream.Remove(waiter.Stream);
        waiter.IsReserved = false;
        waiter.Next = _free;
        _free = waiter;
    }

    private void Append(Waiter waiter)
    {
        Count++;
        waiter.Previous = _last;
        if (_last is null)
            First = waiter;
        else
            _last.Next = waiter;
        _last = waiter;
    }

    private void Unlink(Waiter waiter)
    {
        Count--;
        if (ReferenceEquals(_short, waiter))
            _short = null;
        if (waiter.Previous is { } previous)
            previous.Next = waiter.Next;
        else
            First = waiter.Next;
        if (waiter.Next is { } next)
            next.Previous = waiter.Previous;
        else
            _last = waiter.Previous;
        waiter.Next = null;
        waiter.Previous = null;
    }

    /// <summary>A sender that waits, or that room is reserved for.</summary>
    internal sealed class Waiter
    {
        public ulong Stream { get; set; }

        public int Length { get; set; }

        public bool IsReserved { get; set; }

        public Waiter? Next { get; set; }

        public Waiter? Previous { get; set; }
    }
}
